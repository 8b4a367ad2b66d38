import { expect, it } from 'vitest'
import { chatOf, INITIAL, readTools } from './setup'
import { turnsOf, type Exchange } from './use-lane'

it('tools are taken in the shapes that people paste', () => {
  const parameters = { type: 'object', properties: {} }
  expect(readTools('{"name":"f"}')).toEqual({ tools: [{ name: 'f', parameters }] })
  expect(readTools('[{"type":"function","function":{"name":"f","parameters":{"a":1}}}]')).toEqual({ tools: [{ name: 'f', parameters: { a: 1 } }] })
  expect(readTools('[{"name":"f","input_schema":{"b":1}}]')).toEqual({ tools: [{ name: 'f', parameters: { b: 1 } }] })
  expect(readTools('[{}]').wrong).toBe('Tool 1 has no name.')
  expect(readTools('[').wrong).toBeDefined()
  expect(readTools(' ')).toEqual({ tools: [] })
})

it('what a dialect has no words for is not said', () => {
  const chat = chatOf({ ...INITIAL, dialect: 'openai_completions', tools: '{"name":"f"}', temperature: '0' }, 'm', [{ role: 'user', text: 'x', images: [{ mime: 'image/png', base64: '' }] }])
  expect(chat).toMatchObject({ tools: [], temperature: 0, maxTokens: undefined, turns: [{ images: [] }] })
})

it('a question that failed is no part of the conversation', () => {
  const exchange = (state: 'done' | 'failed', text: string): Exchange => ({ turn: { role: 'user', text, images: [] }, progress: { state, answer: { text: `re ${text}`, reasoning: '', calls: [] }, headers: {} } })
  expect(turnsOf([exchange('failed', 'a'), exchange('done', 'b')]).map((turn) => turn.role === 'results' || turn.text)).toEqual(['b', 're b'])
})
