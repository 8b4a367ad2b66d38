import { Ellipsis } from 'lucide-react'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { api, taken } from '@/api/client'
import { clientKeys, queryClient, type ClientKey } from '@/api/queries'
import { Button } from '@/ui/button'
import { Confirm, Dialog } from '@/ui/dialog'
import { Field, Select } from '@/ui/field'
import { Menu } from '@/ui/menu'
import { complain, say } from '@/ui/toast'

interface RowActionsProps {
  row: ClientKey
  readOnly: string | null
  onEdit: () => void
  onMade: (made: { name: string; key: string }) => void
}

export function RowActions({ row, readOnly, onEdit, onMade }: RowActionsProps) {
  const [, go] = useLocation()
  const [asking, setAsking] = useState<'revoke' | 'rotate' | null>(null)
  const blocked = readOnly ?? (row.revoked ? 'It is revoked for good.' : row.origin === 'document' ? 'It stands in the configuration and is changed there.' : null)
  const path = { key: row.id }

  async function act(what: () => Promise<unknown>, words: string) {
    try {
      await what()
      say(words)
    } catch (error) {
      complain(error)
    }
    setAsking(null)
    await queryClient.invalidateQueries(clientKeys)
  }
  const enable = (enabled: boolean) => act(() => taken(api.PATCH('/api/v1/client-keys/{key}', { params: { path }, body: { enabled } })), `Key ${row.name} is ${enabled ? 'good again' : 'disabled'}.`)

  return (
    <>
      <Menu
        label={`Actions for ${row.name}`}
        buttonClass="grid size-7 place-items-center rounded-md text-muted hover:bg-hover hover:text-ink"
        button={<Ellipsis size={15} aria-hidden />}
        items={[
          { label: 'Edit', onSelect: onEdit, blocked },
          { label: 'Its requests', onSelect: () => go(`/requests?client_key=${encodeURIComponent(row.name)}`) },
          { label: 'Its usage', onSelect: () => go(`/usage?client_key=${encodeURIComponent(row.name)}`) },
          { label: 'Rotate…', onSelect: () => setAsking('rotate'), blocked },
          row.enabled === false ? { label: 'Enable', onSelect: () => void enable(true), blocked } : { label: 'Disable', onSelect: () => void enable(false), blocked },
          { label: 'Revoke…', onSelect: () => setAsking('revoke'), danger: true, blocked },
        ]}
      />
      {asking === 'revoke' && (
        <Confirm title={`Revoke ${row.name}?`} action="Revoke for good" onClose={() => setAsking(null)} onConfirm={() => void act(() => taken(api.DELETE('/api/v1/client-keys/{key}', { params: { path } })), `Key ${row.name} is revoked.`)}>
          Whoever holds it is refused from now on. This cannot be taken back; to keep it out for a while, disable it.
        </Confirm>
      )}
      {asking === 'rotate' && <Rotate row={row} onClose={() => setAsking(null)} onMade={onMade} />}
    </>
  )
}

function Rotate({ row, onClose, onMade }: { row: ClientKey; onClose: () => void; onMade: RowActionsProps['onMade'] }) {
  const [overlap, setOverlap] = useState('1h')
  const [busy, setBusy] = useState(false)
  async function rotate() {
    setBusy(true)
    try {
      const made = await taken(api.POST('/api/v1/client-keys/{key}/rotate', { params: { path: { key: row.id } }, body: overlap === '0s' ? {} : { overlap } }))
      onMade({ name: row.name, key: made.key })
      await queryClient.invalidateQueries(clientKeys)
    } catch (error) {
      complain(error)
    }
    onClose()
  }
  return (
    <Dialog
      title={`Rotate ${row.name}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" busy={busy} onClick={() => void rotate()}>
            Make the new key
          </Button>
        </>
      }
    >
      <Field label="The key before stays good" hint="Long enough for its holder to take the new one over.">
        <Select value={overlap} onChange={(event) => setOverlap(event.target.value)}>
          <option value="0s">not at all</option>
          <option value="10m">for 10 minutes</option>
          <option value="1h">for an hour</option>
          <option value="24h">for a day</option>
          <option value="7d">for a week</option>
        </Select>
      </Field>
    </Dialog>
  )
}
