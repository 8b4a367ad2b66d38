import { faultOf } from './openai-chat'
import { body, list, number, parsed, said, text, type Chat, type Dialect, type Json, type Piece, type Turn } from './types'

export const ollama: Dialect = {
  id: 'ollama',
  label: 'Ollama',
  frames: 'ndjson',
  takes: { turns: true, tools: true, images: true },

  prepare: (chat) => ({
    path: '/api/chat',
    headers: {},
    body: body({
      model: chat.model,
      messages: [...(chat.system ? [{ role: 'system', content: chat.system }] : []), ...chat.turns.flatMap(messagesOf)],
      tools: chat.tools.map((tool) => ({ type: 'function', function: tool })),
      options: options(chat),
      // It streams unless told otherwise.
      stream: chat.stream,
    }),
  }),

  pieces: (line) => [...faultOf(line), ...message(line.message), ...ending(line)],
  whole: (whole) => ollama.pieces(whole),
}

function options({ temperature, maxTokens }: Chat): unknown {
  return temperature === undefined && maxTokens === undefined ? undefined : body({ temperature, num_predict: maxTokens })
}

function messagesOf(turn: Turn): unknown[] {
  if (turn.role === 'results') return turn.results.map(({ call, text }) => ({ role: 'tool', tool_name: call.name, content: text }))
  if (turn.role === 'assistant') return [body({ role: 'assistant', content: turn.text, tool_calls: turn.calls.map((call) => ({ function: { name: call.name, arguments: parsed(call.arguments) } })) })]
  return [body({ role: 'user', content: turn.text, images: turn.images.map(({ base64 }) => base64) })]
}

function message(message: Json | undefined): Piece[] {
  if (!message) return []
  const calls = list(message.tool_calls).map((call): Piece => ({ kind: 'call', index: null, name: text(call.function?.name), arguments: JSON.stringify(call.function?.arguments ?? {}) }))
  return [...said('reasoning', message.thinking), ...said('text', message.content), ...calls]
}

function ending(line: Json): Piece[] {
  if ((line.done as unknown) !== true) return []
  return [
    { kind: 'usage', input: number(line.prompt_eval_count), output: number(line.eval_count) },
    { kind: 'stop', reason: text(line.done_reason) ?? 'stop' },
  ]
}
