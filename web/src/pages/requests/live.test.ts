import { expect, it } from 'vitest'
import type { RequestRow } from '@/api/queries'
import { fits } from './live'

const ROW = { id: '01ab', model: 'turbo', provider: 'groq', upstream_model: 'llama', client_key: 'ci', outcome: 'rate_limited' } as RequestRow

it.each([
  [{}, true],
  [{ model: 'turbo', provider: 'groq' }, true],
  [{ model: 'other' }, false],
  [{ outcome: 'failed' }, true],
  [{ outcome: 'served' }, false],
  [{ outcome: 'rate_limited' }, true],
  [{ q: 'LLAMA' }, true],
  [{ q: '01AB' }, true],
  [{ q: 'nothing' }, false],
])('the tail shows rows that fit %j: %s', (filter, shown) => expect(fits(ROW, filter)).toBe(shown))

it('who left did not fail', () => expect(fits({ ...ROW, outcome: 'client_left' }, { outcome: 'failed' })).toBe(false))
