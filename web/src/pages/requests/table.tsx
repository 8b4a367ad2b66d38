import { Activity } from 'lucide-react'
import { useMemo } from 'react'
import { Link } from 'wouter'
import type { RequestRow } from '@/api/queries'
import { usd } from '@/format/money'
import { short } from '@/format/number'
import { outcomeTone, outcomeWords } from '@/format/outcome'
import { latency } from '@/format/time'
import { tokensOf } from '@/usage/pivot'
import { State } from '@/ui/badge'
import { ButtonLink } from '@/ui/button'
import { Empty } from '@/ui/states'
import { DataTable, type Column } from '@/ui/table'
import { Ago, Clock } from '@/ui/time'

export const requestHref = (row: Pick<RequestRow, 'id'>) => `/requests/${row.id}`

export function RequestTable({ rows, live, fresh, filtered }: { rows: RequestRow[]; live?: boolean; fresh?: Set<string>; filtered?: boolean }) {
  const columns = useMemo(() => columnsOf(live), [live])
  return (
    <DataTable
      label="Requests"
      rows={rows}
      columns={columns}
      id={(row) => row.id}
      href={requestHref}
      rowClass={(row) => (fresh?.has(row.id) ? 'animate-[arrive_1.6s_ease-out]' : undefined)}
      empty={
        filtered ? (
          <Empty icon={Activity} title="No request is like that">
            Take a filter away, or look at a longer time.
          </Empty>
        ) : (
          <Empty icon={Activity} title="No requests yet" action={<ButtonLink href="/playground">Try one in the playground</ButtonLink>}>
            Every request leaves a record here: who asked for what, who served it, its tokens, cost and time.
          </Empty>
        )
      }
    />
  )
}

function columnsOf(live: boolean | undefined): Column<RequestRow>[] {
  return [
    {
      id: 'at',
      header: 'When',
      cell: (row) => (
        <Link href={requestHref(row)} className="text-muted hover:text-accent hover:underline">
          {live ? <Clock at={row.at} /> : <Ago at={row.at} />}
        </Link>
      ),
    },
    { id: 'outcome', header: 'Outcome', cell: (row) => <State tone={outcomeTone(row.outcome)} title={`Status ${row.status}`}>{row.cached ? 'From the cache' : outcomeWords(row.outcome)}</State> },
    {
      id: 'model',
      header: 'Model',
      cell: (row) => (
        <span className="block max-w-28 truncate md:max-w-56" title={row.model ?? undefined}>
          {row.model ?? <span className="text-muted">none</span>}
        </span>
      ),
    },
    {
      id: 'provider',
      header: 'Served by',
      cell: (row) => (
        <span className="block max-w-64 truncate text-muted" title={`${row.provider}/${row.upstream_model}`}>
          <span className="text-ink">{row.provider ?? '–'}</span>
          {row.upstream_model && ` ${row.upstream_model}`}
        </span>
      ),
      roomy: true,
    },
    { id: 'client_key', header: 'Client key', cell: (row) => row.client_key ?? <span className="text-muted">none</span>, roomy: true },
    { id: 'tokens', header: 'Tokens', cell: (row) => short(tokensOf(row)), right: true, roomy: true },
    { id: 'cost', header: 'Cost', cell: (row) => <span className={row.cost === null ? 'text-muted' : undefined}>{usd(row.cost)}</span>, right: true },
    { id: 'first', header: 'First byte', cell: (row) => latency(row.first_byte_us), right: true, roomy: true },
    { id: 'total', header: 'Took', cell: (row) => latency(row.total_us), right: true },
  ]
}
