import { dataUrl, faultOf } from './openai-chat'
import { body, list, number, said, text, type Dialect, type Json, type Piece, type Turn } from './types'

export const openaiResponses: Dialect = {
  id: 'openai_responses',
  label: 'OpenAI Responses',
  frames: 'sse',
  takes: { turns: true, tools: true, images: true },

  prepare: (chat) => ({
    path: '/v1/responses',
    headers: {},
    body: body({
      model: chat.model,
      instructions: chat.system || undefined,
      input: chat.turns.flatMap(itemsOf),
      tools: chat.tools.map((tool) => ({ type: 'function', ...tool })),
      temperature: chat.temperature,
      max_output_tokens: chat.maxTokens,
      stream: chat.stream || undefined,
    }),
  }),

  pieces(event) {
    const index = number(event.output_index) ?? null
    switch (text(event.type)) {
      case 'response.output_text.delta':
        return said('text', event.delta)
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return said('reasoning', event.delta)
      case 'response.output_item.added':
        return text(event.item?.type) === 'function_call' ? [{ kind: 'call', index, id: text(event.item?.call_id), name: text(event.item?.name) }] : []
      case 'response.function_call_arguments.delta':
        return [{ kind: 'call', index, arguments: text(event.delta) }]
      case 'response.completed':
      case 'response.incomplete':
        return ending(event.response)
      case 'response.failed':
        return [{ kind: 'fault', message: text(event.response?.error?.message) ?? 'the response failed' }]
      case 'error':
        return [{ kind: 'fault', message: text(event.message) ?? text(event.error?.message) ?? 'the response failed' }]
      default:
        return []
    }
  },

  whole: (whole) => [...faultOf(whole), ...list(whole.output).flatMap(item), ...ending(whole)],
}

function itemsOf(turn: Turn): unknown[] {
  if (turn.role === 'results') return turn.results.map(({ call, text }) => ({ type: 'function_call_output', call_id: call.id, output: text }))
  if (turn.role === 'assistant') {
    const calls = turn.calls.map((call) => ({ type: 'function_call', call_id: call.id, name: call.name, arguments: call.arguments }))
    return [...(turn.text ? [{ role: 'assistant', content: turn.text }] : []), ...calls]
  }
  if (turn.images.length === 0) return [{ role: 'user', content: turn.text }]
  return [{ role: 'user', content: [{ type: 'input_text', text: turn.text }, ...turn.images.map((image) => ({ type: 'input_image', image_url: dataUrl(image) }))] }]
}

function item(item: Json): Piece[] {
  switch (text(item.type)) {
    case 'message':
      return list(item.content).flatMap((part) => said('text', part.text))
    case 'reasoning':
      return list(item.summary).flatMap((part) => said('reasoning', part.text))
    case 'function_call':
      return [{ kind: 'call', index: null, id: text(item.call_id), name: text(item.name), arguments: text(item.arguments) }]
    default:
      return []
  }
}

function ending(response: Json | undefined): Piece[] {
  if (!response) return []
  const reason = text(response.incomplete_details?.reason) ?? text(response.status)
  const { usage } = response
  return [
    ...(usage ? [{ kind: 'usage' as const, input: number(usage.input_tokens), output: number(usage.output_tokens), cached: number(usage.input_tokens_details?.cached_tokens) }] : []),
    ...(reason ? [{ kind: 'stop' as const, reason }] : []),
  ]
}
