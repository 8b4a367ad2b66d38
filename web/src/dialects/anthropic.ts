import { faultOf } from './openai-chat'
import { body, list, number, parsed, said, text, type Dialect, type Json, type Piece, type Turn } from './types'

/** Messages wants a limit; this is what most models can give. */
const MAX_TOKENS = 4096

export const anthropic: Dialect = {
  id: 'anthropic',
  label: 'Anthropic Messages',
  frames: 'sse',
  takes: { turns: true, tools: true, images: true },

  prepare: (chat) => ({
    path: '/v1/messages',
    headers: { 'anthropic-version': '2023-06-01' },
    body: body({
      model: chat.model,
      max_tokens: chat.maxTokens ?? MAX_TOKENS,
      system: chat.system || undefined,
      messages: chat.turns.map(messageOf),
      tools: chat.tools.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters })),
      temperature: chat.temperature,
      stream: chat.stream || undefined,
    }),
  }),

  pieces(event) {
    switch (text(event.type)) {
      case 'message_start':
        return usage(event.message?.usage)
      case 'content_block_start':
        return start(event)
      case 'content_block_delta':
        return delta(event)
      case 'message_delta':
        return [...usage(event.usage), ...stop(event.delta?.stop_reason)]
      case 'error':
        return faultOf(event)
      default:
        return []
    }
  },

  whole: (whole) => [...faultOf(whole), ...list(whole.content).flatMap(block), ...usage(whole.usage), ...stop(whole.stop_reason)],
}

function messageOf(turn: Turn): unknown {
  switch (turn.role) {
    case 'results':
      return { role: 'user', content: turn.results.map(({ call, text }) => ({ type: 'tool_result', tool_use_id: call.id, content: text })) }
    case 'assistant': {
      const calls = turn.calls.map((call) => ({ type: 'tool_use', id: call.id, name: call.name, input: parsed(call.arguments) }))
      return { role: 'assistant', content: calls.length === 0 ? turn.text : [...(turn.text ? [{ type: 'text', text: turn.text }] : []), ...calls] }
    }
    case 'user':
      if (turn.images.length === 0) return { role: 'user', content: turn.text }
      return { role: 'user', content: [...turn.images.map(({ mime, base64 }) => ({ type: 'image', source: { type: 'base64', media_type: mime, data: base64 } })), { type: 'text', text: turn.text }] }
  }
}

function start(event: Json): Piece[] {
  const { content_block: block } = event
  if (text(block?.type) === 'tool_use') return [{ kind: 'call', index: number(event.index) ?? null, id: text(block?.id), name: text(block?.name) }]
  return said('text', block?.text)
}

function delta(event: Json): Piece[] {
  const { delta } = event
  switch (text(delta?.type)) {
    case 'text_delta':
      return said('text', delta?.text)
    case 'thinking_delta':
      return said('reasoning', delta?.thinking)
    case 'input_json_delta':
      return [{ kind: 'call', index: number(event.index) ?? null, arguments: text(delta?.partial_json) }]
    default:
      return []
  }
}

function block(block: Json): Piece[] {
  switch (text(block.type)) {
    case 'text':
      return said('text', block.text)
    case 'thinking':
      return said('reasoning', block.thinking)
    case 'tool_use':
      return [{ kind: 'call', index: null, id: text(block.id), name: text(block.name), arguments: JSON.stringify(block.input ?? {}) }]
    default:
      return []
  }
}

function usage(usage: Json | undefined): Piece[] {
  return usage ? [{ kind: 'usage', input: number(usage.input_tokens), output: number(usage.output_tokens), cached: number(usage.cache_read_input_tokens) }] : []
}

function stop(reason: unknown): Piece[] {
  return typeof reason === 'string' ? [{ kind: 'stop', reason }] : []
}
