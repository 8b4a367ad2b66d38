import { faultOf } from './openai-chat'
import { body, list, number, parsed, text, type Chat, type Dialect, type Json, type Piece, type Turn } from './types'

export const gemini: Dialect = {
  id: 'gemini',
  label: 'Gemini',
  frames: 'sse',
  takes: { turns: true, tools: true, images: true },

  prepare: (chat) => ({
    path: `/v1beta/models/${encodeURIComponent(chat.model)}:${chat.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    headers: {},
    body: body({
      systemInstruction: chat.system ? { parts: [{ text: chat.system }] } : undefined,
      contents: chat.turns.map(contentOf),
      tools: chat.tools.length > 0 ? [{ functionDeclarations: chat.tools }] : undefined,
      generationConfig: config(chat),
    }),
  }),

  pieces: (frame) => [...faultOf(frame), ...list(frame.candidates).flatMap(candidate), ...usage(frame.usageMetadata)],
  whole: (whole) => gemini.pieces(whole),
}

function config({ temperature, maxTokens }: Chat): unknown {
  return temperature === undefined && maxTokens === undefined ? undefined : body({ temperature, maxOutputTokens: maxTokens })
}

function contentOf(turn: Turn): unknown {
  switch (turn.role) {
    case 'results':
      return { role: 'user', parts: turn.results.map(({ call, text }) => ({ functionResponse: { name: call.name, response: { result: text } } })) }
    case 'assistant':
      return { role: 'model', parts: [...(turn.text ? [{ text: turn.text }] : []), ...turn.calls.map((call) => ({ functionCall: { name: call.name, args: parsed(call.arguments) } }))] }
    case 'user':
      return { role: 'user', parts: [...turn.images.map(({ mime, base64 }) => ({ inlineData: { mimeType: mime, data: base64 } })), { text: turn.text }] }
  }
}

function candidate(candidate: Json): Piece[] {
  const reason = text(candidate.finishReason)
  return [...list(candidate.content?.parts).flatMap(part), ...(reason ? [{ kind: 'stop' as const, reason }] : [])]
}

function part(part: Json): Piece[] {
  const { functionCall: call } = part
  if (call) return [{ kind: 'call', index: null, id: text(call.id), name: text(call.name), arguments: JSON.stringify(call.args ?? {}) }]
  const words = text(part.text)
  return words ? [{ kind: (part.thought as unknown) === true ? 'reasoning' : 'text', text: words }] : []
}

function usage(usage: Json | undefined): Piece[] {
  return usage ? [{ kind: 'usage', input: number(usage.promptTokenCount), output: number(usage.candidatesTokenCount), cached: number(usage.cachedContentTokenCount) }] : []
}
