// The data plane of the mock: answers in each client's dialect, in pieces.
import { row } from './traffic.mjs'

const STORY = 'Light runs **under the sea** in strands of glass thinner than a hair.\n\nEach trunk line carries many voices at once, and each arrives as if it were alone:\n\n- one asks for a recipe,\n- one for a proof,\n- one only wants to know whether anyone is there.'
const wait = (ms) => new Promise((done) => setTimeout(done, ms))
const words = STORY.match(/\S+\s*/g)

const HEADERS = (body, id) => ({
  'x-request-id': id,
  'x-trunkline-provider': 'groq',
  'x-trunkline-upstream-model': 'llama-3.3-70b-versatile',
  'x-trunkline-attempts': 'groq#2/llama-3.3-70b-versatile rate_limited, groq#1/llama-3.3-70b-versatile served',
  ...(body.top_k || body.generationConfig?.topK ? { 'x-trunkline-losses': 'top_k' } : {}),
})

const USAGE = { input: 412, output: words.length + 14 }

const sse = (data, event) => `${event ? `event: ${event}\n` : ''}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
const line = (data) => `${JSON.stringify(data)}\n`

/** For each path: what a stream begins with, one piece, what it ends with; and the whole answer. */
const DIALECTS = {
  '/v1/chat/completions': {
    start: () => sse({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] }),
    piece: (text) => sse({ choices: [{ index: 0, delta: { content: text } }] }),
    call: (name, args) => sse({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name, arguments: args } }] } }] }),
    end: () => sse({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }) + sse('[DONE]'),
    whole: () => ({ choices: [{ message: { role: 'assistant', content: STORY }, finish_reason: 'stop' }], usage: { prompt_tokens: USAGE.input, completion_tokens: USAGE.output } }),
  },
  '/v1/completions': {
    start: () => '',
    piece: (text) => sse({ choices: [{ index: 0, text }] }),
    end: () => sse({ choices: [{ index: 0, text: '', finish_reason: 'stop' }] }) + sse('[DONE]'),
    whole: () => ({ choices: [{ text: STORY, finish_reason: 'stop' }], usage: { prompt_tokens: USAGE.input, completion_tokens: USAGE.output } }),
  },
  '/v1/responses': {
    start: () => sse({ type: 'response.created', response: { id: 'resp_1' } }, 'response.created'),
    piece: (text) => sse({ type: 'response.output_text.delta', output_index: 0, delta: text }, 'response.output_text.delta'),
    call: (name, args) => sse({ type: 'response.output_item.added', output_index: 1, item: { type: 'function_call', call_id: 'call_1', name, arguments: '' } }, 'response.output_item.added') + sse({ type: 'response.function_call_arguments.delta', output_index: 1, delta: args }, 'response.function_call_arguments.delta'),
    end: () => sse({ type: 'response.completed', response: { status: 'completed', usage: { input_tokens: USAGE.input, output_tokens: USAGE.output } } }, 'response.completed'),
    whole: () => ({ status: 'completed', output: [{ type: 'message', content: [{ type: 'output_text', text: STORY }] }], usage: { input_tokens: USAGE.input, output_tokens: USAGE.output } }),
  },
  '/v1/messages': {
    start: () => sse({ type: 'message_start', message: { usage: { input_tokens: USAGE.input, output_tokens: 1 } } }, 'message_start') + sse({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }, 'content_block_start'),
    piece: (text) => sse({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }, 'content_block_delta'),
    call: (name, args) => sse({ type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'toolu_1', name, input: {} } }, 'content_block_start') + sse({ type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: args } }, 'content_block_delta'),
    end: () => sse({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: USAGE.output } }, 'message_delta') + sse({ type: 'message_stop' }, 'message_stop'),
    whole: () => ({ content: [{ type: 'text', text: STORY }], stop_reason: 'end_turn', usage: { input_tokens: USAGE.input, output_tokens: USAGE.output } }),
  },
  '/api/chat': {
    type: 'application/x-ndjson',
    start: () => '',
    piece: (text) => line({ message: { role: 'assistant', content: text }, done: false }),
    call: (name, args) => line({ message: { role: 'assistant', content: '', tool_calls: [{ function: { name, arguments: JSON.parse(args) } }] }, done: false }),
    end: () => line({ message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', prompt_eval_count: USAGE.input, eval_count: USAGE.output }),
    whole: () => ({ message: { role: 'assistant', content: STORY }, done: true, done_reason: 'stop', prompt_eval_count: USAGE.input, eval_count: USAGE.output }),
  },
  gemini: {
    start: () => '',
    piece: (text) => sse({ candidates: [{ content: { role: 'model', parts: [{ text }] } }] }),
    call: (name, args) => sse({ candidates: [{ content: { role: 'model', parts: [{ functionCall: { name, args: JSON.parse(args) } }] } }] }),
    end: () => sse({ candidates: [{ content: { parts: [] }, finishReason: 'STOP' }], usageMetadata: { promptTokenCount: USAGE.input, candidatesTokenCount: USAGE.output } }),
    whole: () => ({ candidates: [{ content: { role: 'model', parts: [{ text: STORY }] }, finishReason: 'STOP' }], usageMetadata: { promptTokenCount: USAGE.input, candidatesTokenCount: USAGE.output } }),
  },
}

export const isChat = (path) => path in DIALECTS || /^\/v1beta\/models\/.+:(generateContent|streamGenerateContent)$/.test(path)

/** Answers, and leaves a record as every request does. */
export async function chat(mock, path, body, response) {
  const gemini = path.startsWith('/v1beta/')
  const dialect = DIALECTS[gemini ? 'gemini' : path]
  const model = gemini ? decodeURIComponent(path.split('/')[3].split(':')[0]) : body.model
  const made = { ...row(Date.now(), mock.ledger.next), model, outcome: 'served', status: 200, cost: '0.000312', input_tokens: USAGE.input - 128, cache_read_tokens: 128, output_tokens: USAGE.output }
  response.on('finish', () => mock.ledger.add(made))
  if (model === 'broken') {
    response.writeHead(502, { 'content-type': 'application/json', ...HEADERS(body, made.id) })
    return response.end(JSON.stringify({ error: { message: 'upstream "gpu-old" cannot be reached: connection refused', type: 'upstream_error' } }))
  }
  const stream = gemini ? path.includes(':stream') : path === '/api/chat' ? body.stream !== false : body.stream === true
  if (!stream) {
    await wait(400)
    response.writeHead(200, { 'content-type': 'application/json', 'x-trunkline-cost': '0.000312', ...HEADERS(body, made.id) })
    return response.end(JSON.stringify({ model, ...dialect.whole() }))
  }
  await wait(180)
  response.writeHead(200, { 'content-type': dialect.type ?? 'text/event-stream', ...HEADERS(body, made.id) })
  response.write(dialect.start())
  for (const word of words) {
    if (response.destroyed) return
    response.write(dialect.piece(word))
    await wait(12)
  }
  const tools = JSON.stringify(body.tools ?? '').match(/"name":"(\w+)"/)
  if (tools && dialect.call) response.write(dialect.call(tools[1], '{"city":"Lisbon","days":3}'))
  response.end(dialect.end())
}
