import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useSearchParams } from 'wouter'
import { clientKeys, models, providers, usage, type UsageBy, type UsageQuestion } from '@/api/queries'
import { Legend } from '@/charts/legend'
import { TimeChart } from '@/charts/time-chart'
import { dollars } from '@/format/money'
import { percent, short } from '@/format/number'
import { zone } from '@/format/time'
import { Card } from '@/ui/card'
import { Select } from '@/ui/field'
import { Page } from '@/ui/page'
import { Answered, Failed } from '@/ui/states'
import { Choice } from '@/ui/tabs'
import { useHour } from '@/ui/time'
import { pivot, tokensOf, totalsOf } from '@/usage/pivot'
import { askFor, bucketsOf, RANGES, type RangeId } from '@/usage/range'
import { UsageTable, type Grouping } from './table'

const CHART_HEIGHT = 260
const MEASURES = {
  cost: { label: 'Cost', value: (group: { cost: string | null }) => Number(group.cost ?? 0), format: dollars },
  tokens: { label: 'Tokens', value: tokensOf, format: short },
  requests: { label: 'Requests', value: (group: { requests: number }) => group.requests, format: short },
  saved: { label: 'Saved', value: (group: { saved: string | null }) => Number(group.saved ?? 0), format: dollars },
} as const
type MeasureId = keyof typeof MEASURES

const GROUPINGS: { id: Grouping; label: string }[] = [
  { id: 'model', label: 'Model' },
  { id: 'provider', label: 'Provider' },
  { id: 'client_key', label: 'Client key' },
  { id: 'upstream_model', label: 'Upstream model' },
  { id: 'day', label: 'Day' },
]

export function UsagePage() {
  const [params, setParams] = useSearchParams()
  const [range, setRange] = useState<RangeId>('30d')
  const [by, setBy] = useState<Grouping>('model')
  const [measure, setMeasure] = useState<MeasureId>('cost')
  const hour = useHour()
  const filter = { model: params.get('model') ?? undefined, provider: params.get('provider') ?? undefined, client_key: params.get('client_key') ?? undefined }
  const { per, since, zone: offset } = useMemo(() => askFor(range, hour), [range, hour])
  const base: UsageQuestion = { since, zone: offset, ...filter }
  const table: UsageQuestion = by === 'day' ? { ...base, per: 'day' } : { ...base, by }
  const narrow = (name: string, value: string) =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before)
        if (value) after.set(name, value)
        else after.delete(name)
        return after
      },
      { replace: true },
    )
  const rows = useQuery(usage(table))
  return (
    <Page
      title="Usage & cost"
      note={`Days begin at midnight in ${zone}. What requests cost is kept with them: new prices change nothing of what was.`}
      actions={
        <>
          <Choice label="Time" current={range} onChange={setRange} options={(Object.keys(RANGES) as RangeId[]).map((id) => ({ id, label: RANGES[id].label }))} />
          <a href={csvHref(table)} download className="inline-flex h-8 items-center gap-1.5 rounded-md border border-edge bg-raised px-3 text-[13px] font-medium hover:bg-hover">
            <Download size={14} aria-hidden /> CSV
          </a>
        </>
      }
    >
      <Totals base={base} />
      <Card
        title={`${MEASURES[measure].label} by ${per}`}
        flush
        actions={
          <Choice label="What is drawn" current={measure} onChange={setMeasure} options={(Object.keys(MEASURES) as MeasureId[]).map((id) => ({ id, label: MEASURES[id].label }))} />
        }
      >
        <Drawn base={base} per={per} by={by === 'day' ? 'model' : by} measure={measure} />
      </Card>
      <Card title="Figures" flush actions={<Choice label="Group by" current={by} onChange={setBy} options={GROUPINGS} />}>
        <Narrow filter={filter} onChange={narrow} />
        <Answered question={rows}>{({ groups }) => <UsageTable groups={groups} by={by} />}</Answered>
      </Card>
    </Page>
  )
}

function csvHref(question: UsageQuestion): string {
  const params = new URLSearchParams({ format: 'csv' })
  for (const [name, value] of Object.entries(question)) if (value) params.set(name, String(value))
  return `/api/v1/usage?${params}`
}

function Totals({ base }: { base: UsageQuestion }) {
  const question = useQuery(usage(base))
  if (question.error && !question.data) return <Failed error={question.error} again={() => void question.refetch()} />
  const all = totalsOf(question.data?.groups ?? [])
  const input = all.input_tokens + all.cache_read_tokens + all.cache_write_tokens
  const figures: [string, string, string][] = [
    ['Cost', dollars(all.cost), all.unknown_cost ? `${short(all.unknown_cost)} requests have no known price` : 'of all requests'],
    ['Saved by caches', dollars(all.saved), all.cost + all.saved > 0 ? `${percent(all.saved, all.cost + all.saved)} of what it would have been` : ''],
    ['Requests', short(all.requests), `${percent(all.errors, all.requests)} failed`],
    ['Tokens in', short(input), `${percent(all.cache_read_tokens, input)} read from a cache`],
    ['Tokens out', short(all.output_tokens), `${percent(all.reasoning_tokens, all.output_tokens)} reasoning`],
  ]
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-3 lg:grid-cols-5">
      {figures.map(([label, figure, note], at) => (
        <div key={label} className={at === figures.length - 1 ? 'bg-surface px-4 py-3 max-sm:col-span-2' : 'bg-surface px-4 py-3'}>
          <dt className="text-xs text-muted">{label}</dt>
          <dd className="nums text-xl font-semibold tracking-tight">{question.data ? figure : <span className="skeleton inline-block h-5 w-16" />}</dd>
          <dd className="min-h-4 text-2xs text-muted">{question.data && note}</dd>
        </div>
      ))}
    </dl>
  )
}

function Drawn({ base, per, by, measure }: { base: UsageQuestion; per: 'hour' | 'day'; by: UsageBy; measure: MeasureId }) {
  const { data, error, refetch } = useQuery(usage({ ...base, per, by }))
  const { label, value, format } = MEASURES[measure]
  const times = useMemo(() => (data ? bucketsOf(data.since ?? base.since, data.until, per) : []), [data, base.since, per])
  const series = useMemo(() => pivot(data?.groups ?? [], times, value), [data, times, value])
  if (error && !data) return <Failed error={error} again={() => void refetch()} />
  return (
    <div className="px-2 py-3">
      <div className="min-h-4 px-2 pb-1">
        <Legend labels={series.map((row) => row.label)} />
      </div>
      <TimeChart label={`${label} by ${per} and ${by.replace('_', ' ')}`} times={times} series={series} kind="stack" per={per} format={format} height={CHART_HEIGHT} />
    </div>
  )
}

interface NarrowProps {
  filter: { model?: string; provider?: string; client_key?: string }
  onChange: (name: string, value: string) => void
}

function Narrow({ filter, onChange }: NarrowProps) {
  const names = {
    model: useQuery(models).data ?? [],
    provider: useQuery(providers).data ?? [],
    client_key: useQuery(clientKeys).data ?? [],
  }
  const words = { model: 'model', provider: 'provider', client_key: 'client key' }
  return (
    <div className="flex flex-wrap gap-2 border-b border-line p-2">
      {(Object.keys(words) as (keyof typeof words)[]).map((name) => (
        <Select key={name} aria-label={`Only of a ${words[name]}`} value={filter[name] ?? ''} onChange={(event) => onChange(name, event.target.value)} className="max-w-44">
          <option value="">Any {words[name]}</option>
          {names[name].map((row) => (
            <option key={row.name}>{row.name}</option>
          ))}
        </Select>
      ))}
    </div>
  )
}
