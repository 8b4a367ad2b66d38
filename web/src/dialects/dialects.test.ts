import { describe, expect, it } from 'vitest'
import { DIALECTS, dialectOf } from './all'
import { add, NOTHING, type Answer } from './answer'
import type { Chat, Json } from './types'

/** The answer that a dialect reads from frames. */
function read(id: string, ...frames: unknown[]): Answer {
  const slots = new Map<number, number>()
  return frames.flatMap((frame) => dialectOf(id).pieces(frame as Json)).reduce((answer, piece) => add(answer, piece, slots), NOTHING)
}

const CHAT: Chat = {
  model: 'm',
  system: 'Be brief.',
  turns: [
    { role: 'user', text: 'Look', images: [{ mime: 'image/png', base64: 'AAAA' }] },
    { role: 'assistant', text: '', calls: [{ id: 'c1', name: 'f', arguments: '{"a":1}' }] },
    { role: 'results', results: [{ call: { id: 'c1', name: 'f', arguments: '{"a":1}' }, text: '42' }] },
  ],
  tools: [{ name: 'f', description: 'd', parameters: { type: 'object' } }],
  stream: true,
  temperature: 0,
  maxTokens: 9,
}

describe('what is asked', () => {
  it.each(DIALECTS.map((dialect) => [dialect.id, dialect] as const))('%s', (_, dialect) => {
    expect(dialect.prepare(CHAT)).toMatchSnapshot()
  })
})

describe('streams', () => {
  it('openai_chat: calls come in parts, told apart by their index', () => {
    const call = (index: number, id: string | undefined, name: string | undefined, args: string) => ({ choices: [{ delta: { tool_calls: [{ index, id, function: { name, arguments: args } }] } }] })
    expect(read('openai_chat', { choices: [{ delta: { content: 'Hel' } }] }, { choices: [{ delta: { content: 'lo' } }] }, call(0, 'a', 'f', '{"x"'), call(1, 'b', 'g', ''), call(0, undefined, undefined, ':1}'), { choices: [{ delta: {}, finish_reason: 'tool_calls' }] }, { choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 2 } } })).toEqual({
      text: 'Hello',
      reasoning: '',
      calls: [
        { id: 'a', name: 'f', arguments: '{"x":1}' },
        { id: 'b', name: 'g', arguments: '' },
      ],
      stop: 'tool_calls',
      input: 3,
      output: 4,
      cached: 2,
    })
  })

  it('anthropic: thoughts, text and a call', () => {
    expect(
      read(
        'anthropic',
        { type: 'message_start', message: { usage: { input_tokens: 5, output_tokens: 1 } } },
        { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
        { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Yes' } },
        { type: 'content_block_start', index: 2, content_block: { type: 'tool_use', id: 't', name: 'f', input: {} } },
        { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"a":' } },
        { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '1}' } },
        { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 7 } },
      ),
    ).toEqual({ text: 'Yes', reasoning: 'hm', calls: [{ id: 't', name: 'f', arguments: '{"a":1}' }], input: 5, output: 7, cached: undefined, stop: 'tool_use' })
  })

  it('openai_responses: text, a call, and how it ended', () => {
    expect(
      read(
        'openai_responses',
        { type: 'response.created', response: {} },
        { type: 'response.output_text.delta', output_index: 0, delta: 'Hi' },
        { type: 'response.output_item.added', output_index: 1, item: { type: 'function_call', call_id: 'c', name: 'f', arguments: '' } },
        { type: 'response.function_call_arguments.delta', output_index: 1, delta: '{}' },
        { type: 'response.completed', response: { status: 'completed', usage: { input_tokens: 1, output_tokens: 2 } } },
      ),
    ).toMatchObject({ text: 'Hi', calls: [{ id: 'c', name: 'f', arguments: '{}' }], input: 1, output: 2, stop: 'completed' })
  })

  it('ollama: calls are whole', () => {
    expect(read('ollama', { message: { content: 'a', thinking: 't' } }, { message: { content: '', tool_calls: [{ function: { name: 'f', arguments: { x: 1 } } }] } }, { done: true, done_reason: 'stop', prompt_eval_count: 1, eval_count: 2 })).toMatchObject({ text: 'a', reasoning: 't', calls: [{ id: 'call_1', name: 'f', arguments: '{"x":1}' }], input: 1, output: 2, stop: 'stop' })
  })

  it('gemini: thoughts are marked parts', () => {
    expect(read('gemini', { candidates: [{ content: { parts: [{ text: 'hm', thought: true }, { text: 'Yes' }, { functionCall: { name: 'f', args: {} } }] } }] }, { candidates: [{ finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2 } })).toMatchObject({ text: 'Yes', reasoning: 'hm', calls: [{ name: 'f', arguments: '{}' }], input: 1, output: 2, stop: 'STOP' })
  })

  it('openai_completions: plain text', () => {
    expect(read('openai_completions', { choices: [{ text: 'a' }] }, { choices: [{ text: 'b', finish_reason: 'length' }] })).toMatchObject({ text: 'ab', stop: 'length' })
  })

  it.each(DIALECTS.map(({ id }) => id))('%s: an error in the stream is told', (id) => {
    const frame = id === 'anthropic' || id === 'openai_responses' ? { type: 'error', error: { message: 'broke off' } } : { error: { message: 'broke off' } }
    expect(read(id, frame).fault).toBe('broke off')
  })

  it.each(DIALECTS.map(({ id }) => id))('%s: what is unknown says nothing', (id) => {
    expect(read(id, {}, { type: 'something.new', choices: null, candidates: 7 })).toEqual(NOTHING)
  })
})
