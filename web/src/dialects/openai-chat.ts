import { body, list, number, said, text, type Chat, type Dialect, type Image, type Json, type Piece, type Turn } from './types'

export const openaiChat: Dialect = {
  id: 'openai_chat',
  label: 'OpenAI Chat',
  frames: 'sse',
  takes: { turns: true, tools: true, images: true },

  prepare: (chat) => ({
    path: '/v1/chat/completions',
    headers: {},
    body: body({
      model: chat.model,
      messages: messages(chat),
      tools: chat.tools.map((tool) => ({ type: 'function', function: tool })),
      temperature: chat.temperature,
      max_tokens: chat.maxTokens,
      // Usage is not asked for: some providers refuse the field, and Trunkline counts in any case.
      stream: chat.stream || undefined,
    }),
  }),

  pieces: (frame) => [...faultOf(frame), ...list(frame.choices).flatMap((choice) => [...message(choice.delta), ...stop(choice)]), ...usage(frame.usage)],
  whole: (whole) => [...faultOf(whole), ...list(whole.choices).flatMap((choice) => [...message(choice.message), ...stop(choice)]), ...usage(whole.usage)],
}

function messages({ system, turns }: Chat): unknown[] {
  return [...(system ? [{ role: 'system', content: system }] : []), ...turns.flatMap(messagesOf)]
}

function messagesOf(turn: Turn): unknown[] {
  if (turn.role === 'results') return turn.results.map(({ call, text }) => ({ role: 'tool', tool_call_id: call.id, content: text }))
  if (turn.role === 'assistant') {
    const calls = turn.calls.map((call) => ({ id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments } }))
    return [body({ role: 'assistant', content: turn.text || (calls.length > 0 ? null : ''), tool_calls: calls })]
  }
  if (turn.images.length === 0) return [{ role: 'user', content: turn.text }]
  return [{ role: 'user', content: [{ type: 'text', text: turn.text }, ...turn.images.map((image) => ({ type: 'image_url', image_url: { url: dataUrl(image) } }))] }]
}

export function dataUrl({ mime, base64 }: Image): string {
  return `data:${mime};base64,${base64}`
}

function message(delta: Json | undefined): Piece[] {
  if (!delta) return []
  return [
    ...said('reasoning', delta.reasoning_content ?? delta.reasoning),
    ...said('text', delta.content),
    ...list(delta.tool_calls).map((call): Piece => ({ kind: 'call', index: number(call.index) ?? null, id: text(call.id), name: text(call.function?.name), arguments: text(call.function?.arguments) })),
  ]
}

export function stop(choice: Json): Piece[] {
  const reason = text(choice.finish_reason)
  return reason ? [{ kind: 'stop', reason }] : []
}

export function usage(usage: Json | undefined): Piece[] {
  if (!usage) return []
  return [{ kind: 'usage', input: number(usage.prompt_tokens), output: number(usage.completion_tokens), cached: number(usage.prompt_tokens_details?.cached_tokens) }]
}

/** An error, which any dialect's stream may hold once its head is out. */
export function faultOf(frame: Json): Piece[] {
  const { error } = frame
  if (!error) return []
  return [{ kind: 'fault', message: text(error) ?? text(error.message) ?? JSON.stringify(error) }]
}
