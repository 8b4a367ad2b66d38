import { useQuery } from '@tanstack/react-query'
import { Radar } from 'lucide-react'
import type { Schemas } from '@/api/client'
import { discovery } from '@/api/queries'
import { useDocumentReadOnly } from '@/api/writable'
import { counted } from '@/format/number'
import { sentence, type Tone } from '@/format/outcome'
import { Badge, State } from '@/ui/badge'
import { ButtonLink } from '@/ui/button'
import { Card } from '@/ui/card'
import { Page } from '@/ui/page'
import { Answered, Empty } from '@/ui/states'
import { DataTable, type Column } from '@/ui/table'
import { Ago } from '@/ui/time'

type Source = Schemas['DiscoverySource']
type Endpoint = Schemas['DiscoveredEndpoint']

export function Discovery() {
  const question = useQuery(discovery)
  const readOnly = useDocumentReadOnly()
  return (
    <Page title="Discovery" note="Where servers are looked for, and what was found. What is found becomes a provider by itself.">
      <Answered question={question}>
        {({ sources, endpoints }) => (
          <>
            <Sources sources={sources} />
            <Card title="Found" flush>
              <DataTable
                label="Endpoints"
                rows={endpoints}
                columns={columnsOf(readOnly)}
                id={(row) => row.name + row.address}
                search="Search by name, address or model"
                empty={
                  <Empty icon={Radar} title="Nothing was found yet" action={<ButtonLink href="/providers/new">Add a provider yourself</ButtonLink>}>
                    Start a model server on this machine, such as Ollama or vLLM, and it shows here within a minute. Docker and Kubernetes are looked at when the config says so.
                  </Empty>
                }
              />
            </Card>
          </>
        )}
      </Answered>
    </Page>
  )
}

function Sources({ sources }: { sources: Source[] }) {
  return (
    <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
      {sources.map((source) => (
        <li key={source.name} className="rounded-lg border border-line bg-surface px-4 py-3 text-[13px]">
          <p className="flex items-center justify-between gap-2">
            <span className="font-medium">{sentence(source.name)}</span>
            <State tone={toneOf(source)}>{sentence(source.state)}</State>
          </p>
          <p className="mt-0.5 text-xs text-muted">
            {source.error ?? (source.last_at ? <>looked <Ago at={source.last_at} /></> : 'not yet looked')}
          </p>
        </li>
      ))}
    </ul>
  )
}

function toneOf({ state, error }: Source): Tone {
  if (error) return 'bad'
  return state === 'off' ? 'neutral' : 'good'
}

function columnsOf(readOnly: string | null): Column<Endpoint>[] {
  return [
    {
      id: 'name',
      header: 'Endpoint',
      value: (row) => `${row.name} ${row.address} ${row.models.join(' ')}`,
      cell: (row) => (
        <div>
          <span className="font-medium">{row.name}</span>
          <code className="block font-mono text-2xs text-muted">{row.address}</code>
        </div>
      ),
    },
    { id: 'type', header: 'Is', value: (row) => row.type, cell: (row) => row.type ?? <span className="text-muted">unknown</span> },
    { id: 'source', header: 'Found by', value: (row) => row.source, cell: (row) => <Badge>{row.source}</Badge> },
    {
      id: 'models',
      header: 'Models',
      value: (row) => row.models.length,
      cell: (row) => (
        <span className="block max-w-72 truncate" title={row.models.join(', ')}>
          {row.models.length === 0 ? <span className="text-muted">none</span> : row.models.length === 1 ? row.models[0] : `${counted(row.models.length, 'model')}: ${row.models.join(', ')}`}
        </span>
      ),
    },
    {
      id: 'taken',
      header: 'Taken as',
      cell: (row) =>
        row.taken_as ? (
          <ButtonLink small kind="quiet" href={`/providers/${encodeURIComponent(row.taken_as)}`}>
            {row.taken_as}
          </ButtonLink>
        ) : (
          <ButtonLink small blocked={readOnly} href={`/providers/new?name=${encodeURIComponent(row.name)}&base_url=${encodeURIComponent(row.address)}`}>
            Add by hand
          </ButtonLink>
        ),
    },
  ]
}
