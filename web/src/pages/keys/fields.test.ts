import { expect, it } from 'vitest'
import type { ClientKey } from '@/api/queries'
import { changed, EMPTY, fieldsOf, formOf, saying } from './fields'
import { limitsOf, stateOf } from './state'

const KEY: ClientKey = { id: 'k', name: 'ci', hint: null, origin: 'made', owner: 'ada', tags: ['a'], models: ['gpt-*'], requests_per_minute: 60, budgets: [{ usd: '2', period: 'day', hard: true }], created: null, revoked: null, open: 0, reserved_usd: '0', spent: [{ period: 'day', usd: '2.1' }] }

it('a new key is told what was filled in, and nothing else', () => {
  expect(saying(fieldsOf({ ...EMPTY, name: ' app ', models: 'a, b,', requests_per_minute: '5' }))).toEqual({ name: 'app', models: ['a', 'b'], requests_per_minute: 5 })
})

it('an edit sends what changed; null takes a field back', () => {
  const form = formOf(KEY)
  expect(changed(form, form)).toEqual({})
  expect(changed(form, { ...form, owner: '', models: '', requests_per_minute: '70', budgets: [] })).toEqual({ owner: null, models: null, requests_per_minute: 70, budgets: null })
})

it('states are what matters most', () => {
  const now = Date.parse('2026-11-22T00:00:00Z')
  expect(stateOf(KEY, now).word).toBe('Budget spent')
  expect(stateOf({ ...KEY, spent: [] }, now).word).toBe('Good')
  expect(stateOf({ ...KEY, budgets: [{ usd: '2', period: 'day', hard: false }] }, now).word).toBe('Good')
  expect(stateOf({ ...KEY, enabled: false }, now).word).toBe('Disabled')
  expect(stateOf({ ...KEY, expires: '2026-01-01' }, now).word).toBe('Expired')
  expect(stateOf({ ...KEY, revoked: '2026-01-01T00:00:00Z' }, now).word).toBe('Revoked')
  expect(limitsOf(KEY)).toEqual(['60 requests a minute'])
})
