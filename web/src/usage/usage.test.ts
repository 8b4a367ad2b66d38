import { describe, expect, it } from 'vitest'
import type { UsageGroup } from '@/api/queries'
import { pivot, REST, totalsOf } from './pivot'
import { askFor, bucketsOf, zoneOffset } from './range'

const NONE = { mean_us: null, p50_us: null, p95_us: null, p99_us: null }
const group = (name: string | null, at: string, requests: number, cost: string | null = '1'): UsageGroup => ({
  name, start_at: at, requests, errors: 0, client_left: 0, inexact: 0, unknown_cost: 0, cached: 0, input_tokens: 1, cache_read_tokens: 0, cache_write_tokens: 0, output_tokens: 1, reasoning_tokens: 0, audio_input_tokens: 0, audio_output_tokens: 0, cost, saved: null, total: NONE, first_byte: NONE,
})

describe('pivot', () => {
  const hours = ['2026-11-22T00:00:00Z', '2026-11-22T01:00:00Z', '2026-11-22T02:00:00Z']
  const times = hours.map((at) => Date.parse(at) / 1000)

  it('fills hours without requests, and puts the largest first', () => {
    expect(pivot([group('a', hours[0]!, 1), group('b', hours[2]!, 5), group('a', hours[1]!, 2)], times, (row) => row.requests)).toEqual([
      { label: 'b', values: [0, 0, 5] },
      { label: 'a', values: [1, 2, 0] },
    ])
  })

  it('adds up what is beyond the most, and loses nothing', () => {
    const groups = ['a', 'b', 'c', 'd'].map((name, at) => group(name, hours[0]!, 10 - at))
    const series = pivot(groups, times, (row) => row.requests, 3)
    expect(series.map(({ label, values }) => [label, values[0]])).toEqual([['a', 10], ['b', 9], [REST, 15]])
  })

  it('puts a time between two beginnings to the earlier one, and what is before all of them to none', () => {
    expect(pivot([group('a', '2026-11-22T01:30:00Z', 4), group('a', '2026-11-21T23:59:59Z', 9)], times, (row) => row.requests)).toEqual([{ label: 'a', values: [0, 4, 0] }])
  })
})

it('sums take unknown cost for nothing', () => {
  expect(totalsOf([group('a', '2026-11-22T00:00:00Z', 2, '0.5'), group('b', '2026-11-22T00:00:00Z', 3, null)])).toMatchObject({ requests: 5, cost: 0.5 })
})

describe('ranges', () => {
  it('begin with a whole hour, or a day of the viewer', () => {
    const now = Date.parse('2026-11-22T10:40:00Z')
    expect(new Date(askFor('24h', now).since).getMinutes()).toBe(0)
    expect(new Date(askFor('30d', now).since).getHours()).toBe(0)
    expect(askFor('24h', now).per).toBe('hour')
  })

  it('have a bucket for each hour and day, the last one begun', () => {
    expect(bucketsOf('2026-11-22T00:00:00Z', '2026-11-22T02:30:00Z', 'hour')).toHaveLength(3)
    const days = bucketsOf(new Date(2026, 2, 1).toISOString(), new Date(2026, 3, 1).toISOString(), 'day')
    expect(days).toHaveLength(31)
    expect(days.every((seconds) => new Date(seconds * 1000).getHours() === 0)).toBe(true)
  })

  it('write offsets as the API takes them', () => {
    expect(zoneOffset(new Date())).toMatch(/^[+-]\d\d:\d\d$/)
  })
})
