import { useMutation, useQuery } from '@tanstack/react-query'
import { History } from 'lucide-react'
import { useMemo, useState } from 'react'
import { api, ifMatch, taken, type Schemas } from '@/api/client'
import { documentChanged, newestRevision, revision, revisions } from '@/api/queries'
import { useDocumentReadOnly } from '@/api/writable'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Card } from '@/ui/card'
import { Code } from '@/ui/copy'
import { Dialog } from '@/ui/dialog'
import { Diff } from '@/ui/diff'
import { Answered, Empty } from '@/ui/states'
import { DataTable, type Column } from '@/ui/table'
import { Choice } from '@/ui/tabs'
import { Ago } from '@/ui/time'
import { complain, say } from '@/ui/toast'

type Revision = Schemas['Revision']

/** What the document was, who changed it and why; and the way back. */
export function Revisions() {
  const question = useQuery(revisions)
  const [shown, setShown] = useState<Revision | null>(null)
  const columns = useMemo(() => columnsOf(setShown), [])
  return (
    <Card flush>
      <Answered question={question}>
        {(rows) => (
          <DataTable
            label="Revisions"
            rows={rows}
            columns={columns}
            id={(row) => row.revision}
            search="Search by author or note"
            empty={
              <Empty icon={History} title="No revisions yet">
                Each change of the document leaves one, whoever made it and wherever.
              </Empty>
            }
          />
        )}
      </Answered>
      {shown && <Shown row={shown} onClose={() => setShown(null)} />}
    </Card>
  )
}

function columnsOf(onShow: (row: Revision) => void): Column<Revision>[] {
  return [
    {
      id: 'revision',
      header: 'Revision',
      value: (row) => Number(row.revision),
      cell: (row) => (
        <span className="nums flex items-center gap-2 font-medium">
          {row.revision}
          {row.current && <Badge tone="good">in use</Badge>}
        </span>
      ),
    },
    { id: 'at', header: 'When', value: (row) => row.at, cell: (row) => <span className="text-muted"><Ago at={row.at} /></span> },
    { id: 'by', header: 'By', value: (row) => row.by, cell: (row) => row.by },
    { id: 'note', header: 'What', value: (row) => `${row.note ?? ''} ${row.summary ?? ''}`, cell: (row) => <span className="block max-w-md">{row.note ?? row.summary ?? <span className="text-muted">–</span>}</span> },
    {
      id: 'show',
      header: '',
      cell: (row) => (
        <Button small kind="quiet" aria-label={`Show revision ${row.revision}`} onClick={() => onShow(row)}>
          Show
        </Button>
      ),
    },
  ]
}

function Shown({ row, onClose }: { row: Revision; onClose: () => void }) {
  const readOnly = useDocumentReadOnly()
  const question = useQuery(revision(row.revision))
  const [part, setPart] = useState<'diff' | 'document'>('diff')
  const back = useMutation({
    mutationFn: async () => taken(api.POST('/api/v1/config/rollback', { params: { header: ifMatch(await newestRevision()) }, body: { revision: row.revision } })),
    onSuccess: async () => {
      say(`The document is again what it was in revision ${row.revision}.`)
      onClose()
      await documentChanged()
    },
    onError: complain,
  })
  return (
    <Dialog
      wide
      title={`Revision ${row.revision}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button kind="primary" busy={back.isPending} blocked={readOnly ?? (row.current ? 'It is in use already.' : null)} onClick={() => back.mutate()}>
            Go back to it
          </Button>
        </>
      }
    >
      <div className="mb-3">
        <Choice
          label="What is shown"
          current={part}
          onChange={setPart}
          options={[
            { id: 'diff', label: 'What it changed' },
            { id: 'document', label: 'The whole document' },
          ]}
        />
      </div>
      <Answered question={question}>
        {(text) => (part === 'document' ? <Code label="the document" text={text.document} /> : text.diff ? <Diff text={text.diff} /> : <p className="text-[13px] text-muted">It is not known what it changed: there is none before it.</p>)}
      </Answered>
    </Dialog>
  )
}
