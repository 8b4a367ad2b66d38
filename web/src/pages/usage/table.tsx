import { useMemo } from 'react'
import type { UsageBy, UsageGroup } from '@/api/queries'
import { usd } from '@/format/money'
import { count, percent, short } from '@/format/number'
import { latency } from '@/format/time'
import { Empty } from '@/ui/states'
import { DataTable, type Column } from '@/ui/table'

export type Grouping = UsageBy | 'day'

const HEADERS: Record<Grouping, string> = { model: 'Model', provider: 'Provider', client_key: 'Client key', upstream_model: 'Upstream model', day: 'Day' }

export function UsageTable({ groups, by }: { groups: UsageGroup[]; by: Grouping }) {
  const columns = useMemo(() => columnsOf(by), [by])
  return (
    <DataTable
      label={`Usage by ${HEADERS[by].toLowerCase()}`}
      key={by}
      rows={groups}
      columns={columns}
      id={nameOf}
      sort={by === 'day' ? { id: 'name', desc: true } : { id: 'cost', desc: true }}
      empty={<Empty title="Nothing was asked for in this time">Choose a longer time, or take a filter away.</Empty>}
    />
  )
}

function nameOf(group: UsageGroup): string {
  return group.start_at ?? group.name ?? ''
}

const dayName = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })

function columnsOf(by: Grouping): Column<UsageGroup>[] {
  return [
    {
      id: 'name',
      header: HEADERS[by],
      value: nameOf,
      cell: (group) => <span className="font-medium whitespace-nowrap">{group.start_at ? dayName.format(new Date(group.start_at)) : (group.name ?? <span className="font-normal text-muted">none</span>)}</span>,
    },
    { id: 'cost', header: 'Cost', right: true, value: (group) => Number(group.cost ?? -1), cell: (group) => <Cost group={group} /> },
    { id: 'saved', header: 'Saved', right: true, value: (group) => Number(group.saved ?? 0), cell: (group) => (group.saved && Number(group.saved) > 0 ? usd(group.saved) : '–') },
    { id: 'requests', header: 'Requests', right: true, value: (group) => group.requests, cell: (group) => count(group.requests) },
    { id: 'errors', header: 'Errors', right: true, value: (group) => group.errors / Math.max(1, group.requests), cell: (group) => <span className={group.errors / group.requests > 0.05 ? 'text-bad' : undefined}>{group.errors ? `${count(group.errors)} (${percent(group.errors, group.requests)})` : '0'}</span> },
    { id: 'input', header: 'Tokens in', right: true, value: (group) => group.input_tokens, cell: (group) => short(group.input_tokens) },
    { id: 'cached', header: 'Cached', right: true, value: (group) => group.cache_read_tokens, cell: (group) => (group.cache_read_tokens ? short(group.cache_read_tokens) : '–') },
    { id: 'output', header: 'Tokens out', right: true, value: (group) => group.output_tokens, cell: (group) => short(group.output_tokens) },
    { id: 'p50', header: 'Median', right: true, value: (group) => group.total.p50_us ?? group.total.mean_us, cell: (group) => latency(group.total.p50_us ?? group.total.mean_us) },
    { id: 'p95', header: 'p95', right: true, value: (group) => group.total.p95_us, cell: (group) => latency(group.total.p95_us) },
  ]
}

function Cost({ group }: { group: UsageGroup }) {
  if (group.cost === null) return <span className="text-muted">unknown</span>
  return (
    <span title={group.unknown_cost ? `${count(group.unknown_cost)} requests have no known price` : undefined}>
      {usd(group.cost)}
      {group.unknown_cost > 0 && <span className="text-warn"> +?</span>}
    </span>
  )
}
