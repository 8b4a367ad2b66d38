import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { usage, type UsageBy, type UsageGroup } from '@/api/queries'
import { Legend } from '@/charts/legend'
import { Spark } from '@/charts/spark'
import { TimeChart } from '@/charts/time-chart'
import { cx } from '@/ui/classes'
import { Empty, Failed } from '@/ui/states'
import { Choice } from '@/ui/tabs'
import { useHour } from '@/ui/time'
import { pivot, type Series } from '@/usage/pivot'
import { askFor, bucketsOf, RANGES, type RangeId } from '@/usage/range'
import { METRICS, type MetricId } from './metrics'

const CHART_HEIGHT = 232

/** Figures of the chosen time; the one that is chosen among them is drawn. */
export function Traffic({ range, by, onBy }: { range: RangeId; by: UsageBy; onBy: (by: UsageBy) => void }) {
  const [metric, setMetric] = useState<MetricId>('requests')
  const hour = useHour()
  const ask = useMemo(() => askFor(range, hour), [range, hour])
  const all = useQuery(usage(ask))
  const split = useQuery(usage({ ...ask, by }))
  const groups = all.data?.groups
  const times = useMemo(() => (all.data ? bucketsOf(all.data.since ?? ask.since, all.data.until, ask.per) : []), [all.data, ask.since, ask.per])
  const chosen = METRICS.find(({ id }) => id === metric) ?? METRICS[0]
  const series = useMemo(() => {
    if (!chosen || !groups) return []
    return metric === 'latency' ? latencies(groups, times) : pivot(split.data?.groups ?? [], times, chosen.value)
  }, [chosen, metric, groups, split.data, times])

  if (all.error && !groups) return <Failed error={all.error} again={() => void all.refetch()} />
  return (
    <section aria-label="Traffic" className="overflow-hidden rounded-lg border border-line bg-surface">
      <div role="group" aria-label="What is drawn" className="grid grid-cols-2 gap-px border-b border-line bg-line sm:grid-cols-3 lg:grid-cols-5">
        {METRICS.map(({ id, label, headline, value }, at) => {
          const [figure, note] = groups ? headline(groups) : ['', '']
          return (
            <button
              key={id}
              type="button"
              aria-pressed={id === metric}
              onClick={() => setMetric(id)}
              className={cx('relative flex flex-col bg-surface px-4 pt-2.5 pb-2 text-left -outline-offset-2 hover:bg-hover', at === METRICS.length - 1 && 'max-sm:col-span-2 max-lg:col-span-1')}
            >
              {id === metric && <span className="absolute inset-x-0 top-0 h-0.5 bg-accent" aria-hidden />}
              <span className="text-xs text-muted">{label}</span>
              <span className="nums h-7 text-xl font-semibold tracking-tight">{figure || <span className="skeleton inline-block h-5 w-16" />}</span>
              <span className="h-4 truncate text-2xs text-muted">{note}</span>
              <Spark values={groups && times.length ? (pivot(groups, times, value)[0]?.values ?? []) : []} />
            </button>
          )
        })}
      </div>
      <div className="flex flex-wrap items-center justify-between gap-2 px-4 pt-3">
        <Legend labels={series.map(({ label }) => label)} />
        {metric !== 'latency' && (
          <Choice
            label="Split by"
            current={by}
            onChange={onBy}
            options={[
              { id: 'model', label: 'Model' },
              { id: 'provider', label: 'Provider' },
              { id: 'client_key', label: 'Client key' },
            ]}
          />
        )}
      </div>
      <div className="px-2 pb-2" style={{ minHeight: CHART_HEIGHT }}>
        {groups && groups.length === 0 ? (
          <Empty title="No requests in this time">They show here as soon as a client asks for something.</Empty>
        ) : (
          chosen && <TimeChart label={`${chosen.label} of the last ${RANGES[range].label}, ${metric === 'latency' ? 'as percentiles' : `by ${by.replace('_', ' ')}`}`} times={times} series={series} kind={metric === 'latency' ? 'line' : 'stack'} per={ask.per} format={chosen.format} height={CHART_HEIGHT} />
        )}
      </div>
    </section>
  )
}

function latencies(groups: UsageGroup[], times: number[]): Series[] {
  const draw = (label: string, value: (group: UsageGroup) => number) => ({ label, values: pivot(groups, times, value)[0]?.values ?? [] })
  return [
    draw('Median to the first byte', (group) => group.first_byte.p50_us ?? group.first_byte.mean_us ?? 0),
    draw('95th percentile', (group) => group.first_byte.p95_us ?? 0),
  ]
}
