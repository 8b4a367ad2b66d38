import type { UsageGroup } from '@/api/queries'
import { dollars } from '@/format/money'
import { percent, short } from '@/format/number'
import { latency } from '@/format/time'
import { tokensOf, totalsOf } from '@/usage/pivot'

export type MetricId = 'requests' | 'cost' | 'tokens' | 'errors' | 'latency'

interface Metric {
  id: MetricId
  label: string
  /** Of one group, as the chart adds it up. */
  value: (group: UsageGroup) => number
  format: (value: number) => string
  /** Of the whole time: the figure, and what is worth a word beside it. */
  headline: (groups: UsageGroup[]) => [string, string]
}

export const METRICS: Metric[] = [
  {
    id: 'requests',
    label: 'Requests',
    value: (group) => group.requests,
    format: short,
    headline: (groups) => {
      const all = totalsOf(groups)
      return [short(all.requests), all.client_left ? `${short(all.client_left)} left by clients` : 'all heard to the end']
    },
  },
  {
    id: 'cost',
    label: 'Cost',
    value: (group) => Number(group.cost ?? 0),
    format: dollars,
    headline: (groups) => {
      const all = totalsOf(groups)
      return [dollars(all.cost), all.unknown_cost ? `${short(all.unknown_cost)} requests without a price` : `${dollars(all.saved)} saved by caches`]
    },
  },
  {
    id: 'tokens',
    label: 'Tokens',
    value: tokensOf,
    format: short,
    headline: (groups) => {
      const all = totalsOf(groups)
      return [short(tokensOf(all)), `${short(all.output_tokens)} of them out`]
    },
  },
  {
    id: 'errors',
    label: 'Errors',
    value: (group) => group.errors,
    format: short,
    headline: (groups) => {
      const all = totalsOf(groups)
      return [short(all.errors), `${percent(all.errors, all.requests)} of requests`]
    },
  },
  {
    id: 'latency',
    label: 'First byte',
    value: (group) => group.first_byte.p50_us ?? group.first_byte.mean_us ?? 0,
    format: latency,
    headline: (groups) => {
      const [p50, p95] = [weighted(groups, 'p50_us'), weighted(groups, 'p95_us')]
      return p50 === null ? [latency(weighted(groups, 'mean_us')), 'on average'] : [latency(p50), `p95 ${latency(p95)}`]
    },
  },
]

/** A latency of several hours together, each by its requests: near enough for a headline. */
function weighted(groups: UsageGroup[], figure: 'mean_us' | 'p50_us' | 'p95_us'): number | null {
  const known = groups.filter((group) => group.first_byte[figure] != null && group.requests > 0)
  const requests = known.reduce((sum, group) => sum + group.requests, 0)
  if (requests === 0) return null
  return Math.round(known.reduce((sum, group) => sum + (group.first_byte[figure] ?? 0) * group.requests, 0) / requests)
}
