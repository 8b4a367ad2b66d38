import { useMutation } from '@tanstack/react-query'
import { FileUp } from 'lucide-react'
import { useState, type ChangeEvent } from 'react'
import { api, taken, type Schemas } from '@/api/client'
import { documentChanged } from '@/api/queries'
import { sentenceOf } from '@/api/problem'
import { useDocumentReadOnly } from '@/api/writable'
import type { Tone } from '@/format/outcome'
import { counted } from '@/format/number'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Card } from '@/ui/card'
import { Diff } from '@/ui/diff'
import { Field, Select, useField } from '@/ui/field'
import { Note } from '@/ui/states'
import { DataTable, type Column } from '@/ui/table'
import { say } from '@/ui/toast'
import { filesOf, type ImportFile } from './files'

type Kind = Schemas['Import']['kind']
type Line = Schemas['ImportLine']

const KINDS: Record<Kind, { label: string; files: string; accept: string }> = {
  trunkline: { label: 'Trunkline (an exported bundle)', files: 'The exported JSON file.', accept: '.json' },
  litellm: { label: 'LiteLLM', files: 'Its config.yaml.', accept: '.yaml,.yml' },
  'model-proxy': { label: 'model-proxy', files: 'An exported bundle, or its JSON files of models and providers, and its .env.', accept: '.json,.env' },
  'serverless-proxy': { label: 'serverless-proxy', files: 'Its SQLite database.', accept: '.db,.sqlite,.sqlite3' },
}

const FATES: Record<Line['fate'], { tone: Tone; word: string }> = {
  exact: { tone: 'good', word: 'exact' },
  approximate: { tone: 'warn', word: 'nearly' },
  manual: { tone: 'accent', word: 'up to you' },
  unsupported: { tone: 'bad', word: 'left out' },
}

/** Takes over what another gateway was told; first dry. */
export function Import() {
  const readOnly = useDocumentReadOnly()
  const [kind, setKind] = useState<Kind>('trunkline')
  const [files, setFiles] = useState<ImportFile[]>([])
  const ask = useMutation({
    mutationFn: (dry: boolean) => taken(api.POST('/api/v1/config/import', { body: { kind, files, dry_run: dry } })),
    onSuccess: async (done) => {
      if (!done.applied) return
      say('The import is in use. A revision is kept, so that it can be taken back.')
      await documentChanged()
    },
  })

  async function read(event: ChangeEvent<HTMLInputElement>) {
    ask.reset()
    setFiles(await filesOf(event.target.files))
  }

  return (
    <div className="flex flex-col gap-4">
      <Card title="Import" note="First dry: nothing changes until you have seen what would become of each setting.">
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Field label="From">
            <Select
              value={kind}
              onChange={(event) => {
                setKind(event.target.value as Kind)
                setFiles([])
                ask.reset()
              }}
            >
              {Object.entries(KINDS).map(([id, { label }]) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </Select>
          </Field>
          <Field label="Files" hint={KINDS[kind].files}>
            <FileInput key={kind} accept={KINDS[kind].accept} onChange={(event) => void read(event)} />
          </Field>
        </div>
        <div className="mt-4">
          <Button kind="primary" icon={FileUp} busy={ask.isPending && ask.variables} blocked={readOnly ?? (files.length === 0 ? 'Choose the files first.' : null)} onClick={() => ask.mutate(true)}>
            See what would happen
          </Button>
        </div>
      </Card>
      {ask.error && <Note tone="bad" role="alert">{sentenceOf(ask.error)}</Note>}
      {ask.data && <Report done={ask.data} busy={ask.isPending} onApply={() => ask.mutate(false)} />}
    </div>
  )
}

function FileInput(props: { accept: string; onChange: (event: ChangeEvent<HTMLInputElement>) => void }) {
  return (
    <input
      type="file"
      multiple
      {...useField()}
      {...props}
      className="w-full min-w-0 text-[13px] text-muted file:mr-3 file:h-8 file:rounded-md file:border file:border-edge file:bg-raised file:px-3 file:text-[13px] file:font-medium file:text-ink hover:file:bg-hover"
    />
  )
}

const COLUMNS: Column<Line>[] = [
  { id: 'key', header: 'Setting', value: (line) => line.key, cell: (line) => <code className="font-mono text-xs">{line.key}</code> },
  { id: 'fate', header: 'Becomes', value: (line) => line.fate, cell: (line) => <Badge tone={FATES[line.fate].tone}>{FATES[line.fate].word}</Badge> },
  { id: 'note', header: 'How', value: (line) => line.note, cell: (line) => <span className="text-muted">{line.note ?? '–'}</span> },
  { id: 'source', header: 'File', roomy: true, value: (line) => line.source, cell: (line) => <span className="text-muted">{line.source}</span> },
]

function Report({ done, busy, onApply }: { done: Schemas['Imported']; busy: boolean; onApply: () => void }) {
  const left = done.report.filter((line) => line.fate === 'manual' || line.fate === 'unsupported').length
  return (
    <>
      <Card
        title={done.applied ? 'Imported' : 'What would happen'}
        note={`${counted(done.report.length, 'setting')}; ${left === 0 ? 'all of them are taken over.' : `${left} of them need you.`}`}
        flush
        actions={
          !done.applied && (
            <Button kind="primary" busy={busy} onClick={onApply}>
              Import
            </Button>
          )
        }
      >
        <DataTable label="Settings" rows={done.report} columns={COLUMNS} id={(line) => `${line.source} ${line.key}`} search="Search the settings" empty={<p className="p-4 text-[13px] text-muted">There was nothing to take over.</p>} />
      </Card>
      {done.diff && (
        <Card title="The document">
          <Diff text={done.diff} />
        </Card>
      )}
    </>
  )
}
