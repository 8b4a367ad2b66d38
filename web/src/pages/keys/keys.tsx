import { useQuery } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { useMemo, useState } from 'react'
import { clientKeys, type ClientKey } from '@/api/queries'
import { useReadOnly } from '@/api/session'
import { Badge, State } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Card } from '@/ui/card'
import { Page } from '@/ui/page'
import { Answered, Empty, Lines } from '@/ui/states'
import { DataTable, type Column } from '@/ui/table'
import { Ago } from '@/ui/time'
import { Budgets } from './budgets'
import { KeyDialog } from './dialog'
import { RowActions } from './row-actions'
import { ShownOnce } from './shown-once'
import { limitsOf, stateOf } from './state'

export type Editing = { kind: 'new' } | { kind: 'edit'; key: ClientKey }

export function Keys() {
  const readOnly = useReadOnly()
  const question = useQuery(clientKeys)
  const [editing, setEditing] = useState<Editing | null>(null)
  const [made, setMade] = useState<{ name: string; key: string } | null>(null)
  const columns = useMemo(() => columnsOf(readOnly, setEditing, setMade), [readOnly])
  const make = (
    <Button kind="primary" icon={Plus} blocked={readOnly} onClick={() => setEditing({ kind: 'new' })}>
      Make a key
    </Button>
  )
  return (
    <Page title="Keys" note="Who may call, what they may ask for, how much of it, and what they may spend." actions={make}>
      <Card flush>
        <Answered question={question} waiting={<Lines count={5} tall />}>
          {(rows) => (
            <DataTable
              label="Client keys"
              rows={rows}
              columns={columns}
              id={(row) => row.id}
              search="Search by name, owner or tag"
              rowClass={(row) => (row.revoked ? 'text-muted' : undefined)}
              empty={
                <Empty icon={KeyRound} title="No client keys yet" action={make}>
                  While there are none, anybody who reaches a loopback listener may call. From the first key on, callers need one.
                </Empty>
              }
            />
          )}
        </Answered>
      </Card>
      {editing && <KeyDialog editing={editing} onClose={() => setEditing(null)} onMade={setMade} />}
      {made && <ShownOnce made={made} onClose={() => setMade(null)} />}
    </Page>
  )
}

function columnsOf(readOnly: string | null, onEdit: (editing: Editing) => void, onMade: (made: { name: string; key: string }) => void): Column<ClientKey>[] {
  return [
    {
      id: 'name',
      header: 'Key',
      value: (row) => `${row.name} ${row.owner ?? ''} ${row.tags.join(' ')}`,
      cell: (row) => (
        <div className="min-w-44">
          <span className="flex flex-wrap items-center gap-x-2">
            <span className="font-medium">{row.name}</span>
            {row.hint && <code className="font-mono text-2xs text-muted">…{row.hint}</code>}
            {row.origin === 'document' && <Badge title="It stands in the configuration and is changed there.">config</Badge>}
          </span>
          <span className="block text-xs text-muted">{[row.owner, ...row.tags].filter(Boolean).join(', ')}</span>
        </div>
      ),
    },
    {
      id: 'state',
      header: 'State',
      value: (row) => stateOf(row, Date.now()).word,
      cell: (row) => {
        const { tone, word } = stateOf(row, Date.now())
        return (
          <div>
            <State tone={tone}>{word}</State>
            {row.open > 0 && <span className="block text-xs text-muted">{row.open} open now</span>}
          </div>
        )
      },
    },
    {
      id: 'models',
      header: 'May ask for',
      roomy: true,
      cell: (row) => <span className="block max-w-56 truncate" title={row.models?.join(', ')}>{row.models?.length ? row.models.join(', ') : <span className="text-muted">any model</span>}</span>,
    },
    { id: 'limits', header: 'Limits', roomy: true, cell: (row) => <span className="block max-w-48 text-xs text-muted">{limitsOf(row).join(', ') || 'none'}</span> },
    { id: 'budgets', header: 'Budgets', cell: (row) => <Budgets row={row} /> },
    { id: 'created', header: 'Made', roomy: true, value: (row) => row.created, cell: (row) => (row.created ? <span className="text-muted"><Ago at={row.created} /></span> : '–') },
    { id: 'actions', header: '', cell: (row) => <RowActions row={row} readOnly={readOnly} onEdit={() => onEdit({ kind: 'edit', key: row })} onMade={onMade} /> },
  ]
}
