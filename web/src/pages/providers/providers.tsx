import { useMutation, useQuery } from '@tanstack/react-query'
import { Plus, Server } from 'lucide-react'
import { useMemo } from 'react'
import { Link } from 'wouter'
import { api, ifMatch, taken, takenWithRevision } from '@/api/client'
import { documentChanged, providers, type Provider } from '@/api/queries'
import { useDocumentReadOnly } from '@/api/writable'
import { usd } from '@/format/money'
import { counted, percent, short } from '@/format/number'
import { sentence, stateTone } from '@/format/outcome'
import { Badge, State } from '@/ui/badge'
import { ButtonLink } from '@/ui/button'
import { Card } from '@/ui/card'
import { Switch } from '@/ui/field'
import { Page } from '@/ui/page'
import { Answered, Empty, Lines } from '@/ui/states'
import { DataTable, type Column } from '@/ui/table'
import { Countdown } from '@/ui/time'
import { complain, say } from '@/ui/toast'
import { SOURCES, whyFixed } from './source'

export const providerHref = (name: string) => `/providers/${encodeURIComponent(name)}`

export function Providers() {
  const readOnly = useDocumentReadOnly()
  const question = useQuery(providers)
  const columns = useMemo(() => columnsOf(readOnly), [readOnly])
  const add = (
    <ButtonLink href="/providers/new" kind="primary" icon={Plus} blocked={readOnly}>
      Add provider
    </ButtonLink>
  )
  return (
    <Page title="Providers" note="The upstreams that requests go to: vendors, and servers of your own." actions={add}>
      <Card flush>
        <Answered question={question} waiting={<Lines count={6} tall />}>
          {(rows) => (
            <DataTable
              label="Providers"
              rows={rows}
              columns={columns}
              id={(row) => row.name}
              href={(row) => providerHref(row.name)}
              search="Search by name, type or address"
              sort={{ id: 'name' }}
              empty={
                <Empty icon={Server} title="No providers yet" action={add}>
                  Paste the key of a vendor or the address of a server, and its models can be called at once.
                </Empty>
              }
            />
          )}
        </Answered>
      </Card>
    </Page>
  )
}

function columnsOf(readOnly: string | null): Column<Provider>[] {
  return [
    {
      id: 'name',
      header: 'Provider',
      value: (row) => `${row.name} ${row.type} ${row.base_url ?? ''}`,
      cell: (row) => (
        <div className="min-w-36">
          <span className="flex items-center gap-2">
            <Link href={providerHref(row.name)} className="font-medium hover:text-accent hover:underline">
              {row.name}
            </Link>
            {row.source !== 'document' && <Badge title={SOURCES[row.source].long}>{SOURCES[row.source].short}</Badge>}
          </span>
          <span className="block max-w-72 truncate text-xs text-muted" title={row.base_url ?? undefined}>
            {row.type}
            {row.base_url && ` · ${row.base_url.replace(/^https?:\/\//, '')}`}
          </span>
        </div>
      ),
    },
    { id: 'state', header: 'State', value: (row) => row.health.state, cell: (row) => <Health row={row} /> },
    {
      id: 'keys',
      header: 'Keys',
      value: (row) => row.keys.length,
      roomy: true,
      cell: (row) => {
        const resting = row.keys.filter((key) => key.cooling_until)
        if (row.keys.length === 0) return <span className="text-muted">none</span>
        return (
          <span>
            {row.keys.length}
            {resting.length > 0 && <span className="text-warn">, {resting.length} resting</span>}
          </span>
        )
      },
    },
    { id: 'models', header: 'Models', right: true, roomy: true, value: (row) => row.models, cell: (row) => row.models },
    { id: 'requests', header: 'Requests, 24 h', right: true, value: (row) => row.requests_24h, cell: (row) => (row.requests_24h ? short(row.requests_24h) : '–') },
    { id: 'errors', header: 'Errors', right: true, value: (row) => row.errors_24h / Math.max(1, row.requests_24h), cell: (row) => <ErrorShare row={row} /> },
    { id: 'cost', header: 'Cost, 24 h', right: true, value: (row) => Number(row.cost_24h ?? -1), cell: (row) => (row.requests_24h ? usd(row.cost_24h) : '–') },
    { id: 'enabled', header: 'Enabled', cell: (row) => <Enabled row={row} readOnly={readOnly} /> },
  ]
}

function Health({ row }: { row: Provider }) {
  if (!row.enabled) return <State tone="neutral">Disabled</State>
  if (row.draining) return <State tone="warn">Draining</State>
  const rest = row.keys.map((key) => key.cooling_until).find((until) => until != null)
  return (
    <div>
      <State tone={stateTone(row.health.state)} title={row.health.reason ?? undefined}>
        {sentence(row.health.state)}
        {row.health.state === 'up' && row.health.latency_ms != null && <span className="nums text-xs text-muted">{Math.round(row.health.latency_ms)} ms</span>}
      </State>
      {row.health.state === 'cooling' && rest && (
        <span className="block text-xs text-muted">
          for <Countdown to={rest} />
        </span>
      )}
      {row.health.state === 'down' && <span className="block max-w-44 truncate text-xs text-muted">{row.health.reason}</span>}
    </div>
  )
}

function ErrorShare({ row }: { row: Provider }) {
  if (row.requests_24h === 0) return '–'
  const bad = row.errors_24h / row.requests_24h > 0.05
  return (
    <span className={bad ? 'text-bad' : undefined} title={counted(row.errors_24h, 'error')}>
      {percent(row.errors_24h, row.requests_24h)}
    </span>
  )
}

function Enabled({ row, readOnly }: { row: Provider; readOnly: string | null }) {
  const change = useMutation({
    mutationFn: async (enabled: boolean) => {
      const path = { name: row.name }
      const { revision } = await takenWithRevision(api.GET('/api/v1/providers/{name}', { params: { path } }))
      await taken(api.PATCH('/api/v1/providers/{name}', { params: { path, header: ifMatch(revision) }, body: { enabled: enabled ? null : false } }))
      say(`Provider ${row.name} is ${enabled ? 'in use again' : 'out of use'}.`)
    },
    onError: complain,
    onSettled: documentChanged,
  })
  return <Switch label={`Use ${row.name}`} checked={change.isPending ? change.variables : row.enabled} blocked={readOnly ?? whyFixed(row.source)} onChange={change.mutate} />
}
