import type { UsageGroup } from '@/api/queries'

/** What is left of the series beyond those that are shown by name. */
export const REST = 'All others'

export interface Series {
  label: string
  values: number[]
}

/** Groups by name and time as one row of numbers a name, the largest first; beyond `most` they are one. */
export function pivot(groups: UsageGroup[], times: number[], value: (group: UsageGroup) => number, most = 6): Series[] {
  const slot = new Map(times.map((time, at) => [time, at]))
  const rows = new Map<string, number[]>()
  for (const group of groups) {
    const at = slotOf(group, times, slot)
    if (at === undefined) continue
    const label = group.name ?? 'None'
    const values = rows.get(label) ?? times.map(() => 0)
    values[at] = (values[at] ?? 0) + value(group)
    rows.set(label, values)
  }
  const all = [...rows].map(([label, values]) => ({ label, values, total: values.reduce((a, b) => a + b, 0) })).sort((a, b) => b.total - a.total)
  const shown: Series[] = all.slice(0, all.length > most ? most - 1 : most)
  const others = all.slice(shown.length)
  if (others.length > 0) shown.push({ label: REST, values: times.map((_, at) => others.reduce((sum, row) => sum + (row.values[at] ?? 0), 0)) })
  return shown.map(({ label, values }) => ({ label, values }))
}

/** The bucket that a group belongs to: that which begins at its time, else the last one before it. */
function slotOf(group: UsageGroup, times: number[], slot: Map<number, number>): number | undefined {
  if (!group.start_at) return undefined
  const time = Date.parse(group.start_at) / 1000
  const exact = slot.get(time)
  if (exact !== undefined) return exact
  const next = times.findIndex((start) => start > time)
  if (next === 0) return undefined
  return next === -1 ? times.length - 1 : next - 1
}

export interface Totals {
  requests: number
  errors: number
  client_left: number
  input_tokens: number
  cache_read_tokens: number
  cache_write_tokens: number
  output_tokens: number
  reasoning_tokens: number
  unknown_cost: number
  cost: number
  saved: number
}

export function totalsOf(groups: UsageGroup[]): Totals {
  const add = (read: (group: UsageGroup) => number) => groups.reduce((sum, group) => sum + read(group), 0)
  return {
    requests: add((g) => g.requests),
    errors: add((g) => g.errors),
    client_left: add((g) => g.client_left),
    input_tokens: add((g) => g.input_tokens),
    cache_read_tokens: add((g) => g.cache_read_tokens),
    cache_write_tokens: add((g) => g.cache_write_tokens),
    output_tokens: add((g) => g.output_tokens),
    reasoning_tokens: add((g) => g.reasoning_tokens),
    unknown_cost: add((g) => g.unknown_cost),
    cost: add((g) => Number(g.cost ?? 0)),
    saved: add((g) => Number(g.saved ?? 0)),
  }
}

/** Everything that went in and came out. */
export function tokensOf(group: Pick<UsageGroup, 'input_tokens' | 'cache_read_tokens' | 'cache_write_tokens' | 'output_tokens'>): number {
  return group.input_tokens + group.cache_read_tokens + group.cache_write_tokens + group.output_tokens
}
