import { expect, it } from 'vitest'
import { keysOf, secretName, withKeys } from './keys'

it('one plain key is `key`, more are `keys`', () => {
  expect(withKeys(['${A}'])).toEqual({ key: '${A}', keys: undefined })
  expect(withKeys(['a', 'b'])).toEqual({ key: undefined, keys: ['a', 'b'] })
  expect(withKeys([{ key: 'a', weight: 2 }])).toEqual({ key: undefined, keys: [{ key: 'a', weight: 2 }] })
  expect(withKeys([''])).toEqual({ key: undefined, keys: undefined })
  expect([keysOf({ key: 'a' }), keysOf({ keys: ['a', 'b'] }), keysOf({})]).toEqual([['a'], ['a', 'b'], []])
})

it('secrets are called after their provider', () => {
  expect([secretName('my groq', 0, 1), secretName('groq', 1, 2)]).toEqual(['my-groq', 'groq-2'])
})
