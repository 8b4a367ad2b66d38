import type { UsageQuestion } from '@/api/queries'

const HOUR_MS = 3_600_000
export type RangeId = '24h' | '7d' | '30d' | '90d'

interface Range {
  label: string
  hours: number
  per: 'hour' | 'day'
}

export const RANGES: Record<RangeId, Range> = {
  '24h': { label: '24 hours', hours: 24, per: 'hour' },
  '7d': { label: '7 days', hours: 7 * 24, per: 'hour' },
  '30d': { label: '30 days', hours: 30 * 24, per: 'day' },
  '90d': { label: '90 days', hours: 90 * 24, per: 'day' },
}

/** Where days begin for the viewer, as the API takes it: `+02:00`. */
export function zoneOffset(at: Date): string {
  const minutes = -at.getTimezoneOffset()
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`
}

/** The span from so many hours ago to now. Its beginning is a whole hour: the ledger's sums know no less. */
export function askFor(id: RangeId, now: number): Required<Pick<UsageQuestion, 'per' | 'since' | 'zone'>> {
  const { hours, per } = RANGES[id]
  const start = new Date(now - (hours - 1) * HOUR_MS)
  if (per === 'day') start.setHours(0, 0, 0, 0)
  else start.setMinutes(0, 0, 0)
  return { per, since: start.toISOString(), zone: zoneOffset(new Date(now)) }
}

/** The beginnings of all hours or days of a span, as Unix seconds, those without requests included. Until now, where no end is stated. */
export function bucketsOf(since: string, until: string | null, per: 'hour' | 'day'): number[] {
  const starts = []
  const at = new Date(since)
  const end = until === null ? Date.now() : Date.parse(until)
  while (at.getTime() < end) {
    starts.push(at.getTime() / 1000)
    // By the calendar: a day on which clocks change has 23 or 25 hours.
    if (per === 'day') at.setDate(at.getDate() + 1)
    else at.setTime(at.getTime() + HOUR_MS)
  }
  return starts
}
