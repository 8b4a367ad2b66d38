import { useQuery } from '@tanstack/react-query'
import { api, taken, type Schemas } from '@/api/client'
import { queryClient, sessions } from '@/api/queries'
import { useReadOnly } from '@/api/session'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Card } from '@/ui/card'
import { Answered } from '@/ui/states'
import { DataTable, type Column } from '@/ui/table'
import { Ago } from '@/ui/time'
import { complain, say } from '@/ui/toast'

type Row = Schemas['SessionRow']

/** Everybody who is signed in; any of them can be sent out. */
export function SessionsTab() {
  const readOnly = useReadOnly()
  const question = useQuery(sessions)
  return (
    <Card title="Sessions" note="Everybody who is signed in." flush>
      <Answered question={question}>{(rows) => <DataTable label="Sessions" rows={rows} columns={columnsOf(readOnly)} id={(row) => row.id} empty={<p className="p-4 text-[13px] text-muted">Nobody is signed in by password.</p>} />}</Answered>
    </Card>
  )
}

async function end(row: Row) {
  try {
    await taken(api.DELETE('/api/v1/sessions/{id}', { params: { path: { id: row.id } } }))
    say(`The session of ${row.user} is over.`)
  } catch (error) {
    complain(error)
  }
  await queryClient.invalidateQueries(sessions)
}

function columnsOf(readOnly: string | null): Column<Row>[] {
  return [
    {
      id: 'user',
      header: 'Who',
      value: (row) => row.user,
      cell: (row) => (
        <span className="flex items-center gap-2">
          <span className="font-medium">{row.user}</span>
          <Badge>{row.role}</Badge>
          {row.current && <Badge tone="accent">you, here</Badge>}
        </span>
      ),
    },
    { id: 'from', header: 'From', cell: (row) => <span className="text-muted">{[row.address, row.agent].filter(Boolean).join(', ') || '–'}</span> },
    { id: 'seen', header: 'Last seen', value: (row) => row.seen_at, cell: (row) => <Ago at={row.seen_at} /> },
    { id: 'ends', header: 'Ends', value: (row) => row.expires_at, cell: (row) => <span className="text-muted"><Ago at={row.expires_at} /></span> },
    {
      id: 'end',
      header: '',
      cell: (row) => (
        <Button small kind="quiet" blocked={readOnly} aria-label={`End the session of ${row.user}`} onClick={() => void end(row)}>
          End
        </Button>
      ),
    },
  ]
}
