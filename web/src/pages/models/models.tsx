import { useMutation, useQuery } from '@tanstack/react-query'
import { Boxes, Plus } from 'lucide-react'
import { useMemo } from 'react'
import { Link, useSearchParams } from 'wouter'
import { api, ifMatch, taken, takenWithRevision } from '@/api/client'
import { documentChanged, models, type Model } from '@/api/queries'
import { useDocumentReadOnly } from '@/api/writable'
import { perMillion } from '@/format/money'
import { counted, short } from '@/format/number'
import { stateTone } from '@/format/outcome'
import { Badge, State } from '@/ui/badge'
import { ButtonLink } from '@/ui/button'
import { Card } from '@/ui/card'
import { Switch } from '@/ui/field'
import { Page } from '@/ui/page'
import { Answered, Empty, Lines } from '@/ui/states'
import { DataTable, type Column } from '@/ui/table'
import { Tabs } from '@/ui/tabs'
import { complain, say } from '@/ui/toast'
import { Prices } from './prices'

export const modelHref = (name: string) => `/models/${encodeURIComponent(name)}`
const FOUND = 'A provider lists it; nobody declared it. To change it, declare a model of that name.'

export function Models() {
  const readOnly = useDocumentReadOnly()
  const [params, setParams] = useSearchParams()
  const tab = params.get('tab') === 'prices' ? 'prices' : 'models'
  const add = (
    <ButtonLink href="/models/new" kind="primary" icon={Plus} blocked={readOnly}>
      Add model
    </ButtonLink>
  )
  return (
    <Page title="Models" note="The names that clients ask for, and who serves them." actions={add}>
      <Tabs
        label="Models and prices"
        current={tab}
        onChange={(id) => setParams(id === 'prices' ? { tab: id } : {}, { replace: true })}
        tabs={[
          { id: 'models', label: 'Models' },
          { id: 'prices', label: 'Prices' },
        ]}
      />
      <div role="tabpanel" aria-label={tab}>
        {tab === 'prices' ? <Prices /> : <ModelTable readOnly={readOnly} add={add} />}
      </div>
    </Page>
  )
}

function ModelTable({ readOnly, add }: { readOnly: string | null; add: React.ReactNode }) {
  const question = useQuery(models)
  const columns = useMemo(() => columnsOf(readOnly), [readOnly])
  return (
    <Card flush>
      <Answered question={question} waiting={<Lines count={6} tall />}>
        {(rows) => (
          <DataTable
            label="Models"
            rows={rows}
            columns={columns}
            id={(row) => row.name}
            href={(row) => modelHref(row.name)}
            search="Search by name, provider or upstream model"
            sort={{ id: 'name' }}
            empty={
              <Empty icon={Boxes} title="No models yet" action={add}>
                Any model of a provider can be called as provider/model. Declare one to give it a name of your own, and others to fall back on.
              </Empty>
            }
          />
        )}
      </Answered>
    </Card>
  )
}

function columnsOf(readOnly: string | null): Column<Model>[] {
  return [
    {
      id: 'name',
      header: 'Model',
      value: (row) => `${row.name} ${row.targets.map((target) => `${target.provider}/${target.model}`).join(' ')}`,
      cell: (row) => (
        <div className="min-w-32">
          <span className="flex items-center gap-2">
            <Link href={modelHref(row.name)} className="font-medium hover:text-accent hover:underline">
              {row.name}
            </Link>
            {row.source === 'discovered' && <Badge title={FOUND}>discovered</Badge>}
          </span>
          <span className="block max-w-64 truncate text-xs text-muted">{row.capabilities.map((word) => word.replaceAll('_', ' ')).join(', ')}</span>
        </div>
      ),
    },
    {
      id: 'targets',
      header: 'Targets',
      value: (row) => row.targets.length,
      cell: (row) => (
        <ul className="flex min-w-44 flex-col">
          {row.targets.slice(0, 3).map((target) => (
            <li key={`${target.provider}/${target.model}/${target.priority}`} className="text-xs">
              <State tone={stateTone(target.state)} title={target.reason ?? target.state}>
                <span className="block max-w-60 truncate">
                  {target.provider} <span className="text-muted">{target.model}</span>
                </span>
              </State>
            </li>
          ))}
          {row.targets.length > 3 && <li className="pl-3.5 text-xs text-muted">and {counted(row.targets.length - 3, 'more', 'more')}</li>}
        </ul>
      ),
    },
    { id: 'strategy', header: 'Strategy', roomy: true, value: (row) => row.strategy, cell: (row) => <span className="text-muted">{row.targets.length > 1 ? row.strategy?.replaceAll('_', ' ') : '–'}</span> },
    { id: 'window', header: 'Context', right: true, roomy: true, value: (row) => row.context_window, cell: (row) => (row.context_window ? short(row.context_window) : '–') },
    {
      id: 'price',
      header: 'In / out, per million',
      right: true,
      roomy: true,
      value: (row) => row.price?.input,
      cell: (row) => (row.price ? <span className="whitespace-nowrap">{row.price.input === 0 && row.price.output === 0 ? 'free' : `${perMillion(row.price.input)} / ${perMillion(row.price.output)}`}</span> : <span className="text-muted">by target</span>),
    },
    { id: 'requests', header: 'Requests, 24 h', right: true, value: (row) => row.requests_24h, cell: (row) => (row.requests_24h ? short(row.requests_24h) : '–') },
    { id: 'enabled', header: 'Enabled', cell: (row) => <Enabled row={row} readOnly={readOnly} /> },
    {
      id: 'try',
      header: '',
      cell: (row) => (
        <ButtonLink small kind="quiet" href={`/playground?model=${encodeURIComponent(row.name)}`}>
          Try
        </ButtonLink>
      ),
    },
  ]
}

function Enabled({ row, readOnly }: { row: Model; readOnly: string | null }) {
  const change = useMutation({
    mutationFn: async (enabled: boolean) => {
      const path = { name: row.name }
      const { revision } = await takenWithRevision(api.GET('/api/v1/models/{name}', { params: { path } }))
      await taken(api.PATCH('/api/v1/models/{name}', { params: { path, header: ifMatch(revision) }, body: { enabled: enabled ? null : false } }))
      say(`Model ${row.name} is ${enabled ? 'offered again' : 'not offered any more'}.`)
    },
    onError: complain,
    onSettled: documentChanged,
  })
  return <Switch label={`Offer ${row.name}`} checked={change.isPending ? change.variables : row.enabled} blocked={readOnly ?? (row.source === 'document' ? null : FOUND)} onChange={change.mutate} />
}
