import { useMutation, useQuery } from '@tanstack/react-query'
import { LockKeyhole, Plus } from 'lucide-react'
import { useId, useMemo, useState, type FormEvent } from 'react'
import { api, taken, type Schemas } from '@/api/client'
import { queryClient, secrets } from '@/api/queries'
import { sentenceOf } from '@/api/problem'
import { useReadOnly } from '@/api/session'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Card } from '@/ui/card'
import { Confirm, Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Answered, Empty, Note } from '@/ui/states'
import { DataTable, type Column } from '@/ui/table'
import { Ago } from '@/ui/time'
import { complain, say } from '@/ui/toast'

type Secret = Schemas['Secret']

/** Names of secrets; a value can be replaced, never read. */
export function SecretsTab() {
  const readOnly = useReadOnly()
  const question = useQuery(secrets)
  const [setting, setSetting] = useState<string | null>(null)
  const [removing, setRemoving] = useState<Secret | null>(null)
  const columns = useMemo(() => columnsOf(readOnly, setSetting, setRemoving), [readOnly])
  const remove = useMutation({
    mutationFn: (name: string) => taken(api.DELETE('/api/v1/secrets/{name}', { params: { path: { name } } })),
    onSuccess: async (_, name) => {
      say(`Secret ${name} is forgotten.`)
      await queryClient.invalidateQueries(secrets)
    },
    onError: complain,
    onSettled: () => setRemoving(null),
  })
  const add = (
    <Button small icon={Plus} blocked={readOnly} onClick={() => setSetting('')}>
      Add a secret
    </Button>
  )
  return (
    <Card title="Secrets" note="Encrypted where they are kept. The config names them as secret:NAME, in any text." actions={add} flush>
      <Answered question={question}>
        {(rows) => (
          <DataTable
            label="Secrets"
            rows={rows}
            columns={columns}
            id={(row) => row.name}
            empty={
              <Empty icon={LockKeyhole} title="No secrets yet">
                A key that is pasted into a provider’s form is kept here.
              </Empty>
            }
          />
        )}
      </Answered>
      {setting !== null && <SetSecret name={setting} onClose={() => setSetting(null)} />}
      {removing && (
        <Confirm title={`Forget ${removing.name}?`} action="Forget" busy={remove.isPending} onConfirm={() => remove.mutate(removing.name)} onClose={() => setRemoving(null)}>
          {removing.used_by.length > 0 ? `It is named by ${removing.used_by.join(', ')}, which will not work without it.` : 'Nothing names it.'} It cannot be brought back.
        </Confirm>
      )}
    </Card>
  )
}

function columnsOf(readOnly: string | null, onSet: (name: string) => void, onRemove: (row: Secret) => void): Column<Secret>[] {
  return [
    { id: 'name', header: 'Name', value: (row) => row.name, cell: (row) => <code className="font-mono text-xs">{row.name}</code> },
    { id: 'used', header: 'Used by', cell: (row) => (row.used_by.length > 0 ? row.used_by.join(', ') : <Badge tone="warn">nobody</Badge>) },
    { id: 'set', header: 'Set', value: (row) => row.set_at, cell: (row) => (row.set_at ? <span className="text-muted"><Ago at={row.set_at} /></span> : '–') },
    {
      id: 'actions',
      header: '',
      cell: (row) => (
        <span className="flex justify-end gap-1">
          <Button small kind="quiet" blocked={readOnly} aria-label={`Replace ${row.name}`} onClick={() => onSet(row.name)}>
            Replace
          </Button>
          <Button small kind="quiet" blocked={readOnly} aria-label={`Forget ${row.name}`} onClick={() => onRemove(row)}>
            Forget
          </Button>
        </span>
      ),
    },
  ]
}

function SetSecret({ name, onClose }: { name: string; onClose: () => void }) {
  const id = useId()
  const [wanted, setWanted] = useState(name)
  const [value, setValue] = useState('')
  const save = useMutation({
    mutationFn: () => taken(api.PUT('/api/v1/secrets/{name}', { params: { path: { name: wanted } }, body: { value } })),
    onSuccess: async () => {
      say(`Secret ${wanted} is set.`)
      onClose()
      await queryClient.invalidateQueries(secrets)
    },
  })
  function submit(event: FormEvent) {
    event.preventDefault()
    if (wanted && value) save.mutate()
  }
  return (
    <Dialog
      title={name ? `Replace ${name}` : 'Add a secret'}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form={id} busy={save.isPending} blocked={wanted && value ? null : 'A secret needs a name and a value.'}>
            Save
          </Button>
        </>
      }
    >
      <form id={id} onSubmit={submit} className="flex flex-col gap-4" noValidate>
        {!name && (
          <Field label="Name" required>
            <Input mono autoFocus value={wanted} onChange={(event) => setWanted(event.target.value)} />
          </Field>
        )}
        <Field label="Value" required hint="It is never shown again.">
          <Input mono type="password" autoComplete="new-password" autoFocus={Boolean(name)} value={value} onChange={(event) => setValue(event.target.value)} />
        </Field>
        {save.error && <Note tone="bad" role="alert">{sentenceOf(save.error)}</Note>}
      </form>
    </Dialog>
  )
}
