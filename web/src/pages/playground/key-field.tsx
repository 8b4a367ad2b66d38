import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, taken } from '@/api/client'
import { clientKeys } from '@/api/queries'
import { useReadOnly } from '@/api/session'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { complain, say } from '@/ui/toast'

const KEY = 'trunkline.playground.key'
/** How long a key that is made for a tab is good. */
const GOOD_MS = 24 * 3_600_000

/** The client key that this tab uses. It is forgotten when the tab is closed. */
export function keptKey(): string {
  return sessionStorage.getItem(KEY) ?? ''
}

interface KeyFieldProps {
  value: string
  onChange: (key: string) => void
}

export function KeyField({ value, onChange }: KeyFieldProps) {
  // The first key that is made shuts out all who call without one: nobody should do that in passing.
  const asksForKeys = (useQuery(clientKeys).data ?? []).length > 0
  function keep(key: string) {
    sessionStorage.setItem(KEY, key)
    onChange(key)
  }
  return (
    <div className="flex flex-col gap-2">
      <Field label="Client key" hint="Only where this Trunkline asks for keys. It stays in this tab.">
        <Input mono type="password" autoComplete="off" value={value} placeholder="none" onChange={(event) => keep(event.target.value)} />
      </Field>
      {!value && asksForKeys && <MakeKey onMade={keep} />}
    </div>
  )
}

/** Makes a key that is good for a day, and uses it here. */
export function MakeKey({ onMade }: { onMade: (key: string) => void }) {
  const readOnly = useReadOnly()
  const [busy, setBusy] = useState(false)
  async function make() {
    setBusy(true)
    try {
      const now = new Date()
      const name = `playground-${now.toISOString().slice(0, 19).replace(/\D/g, '')}`
      const made = await taken(api.POST('/api/v1/client-keys', { body: { name, tags: ['playground'], expires: new Date(now.getTime() + GOOD_MS).toISOString() } }))
      sessionStorage.setItem(KEY, made.key)
      onMade(made.key)
      say(`Key ${name} is good for a day; this tab uses it.`)
    } catch (error) {
      complain(error)
    }
    setBusy(false)
  }
  return (
    <div>
      <Button small busy={busy} blocked={readOnly} onClick={() => void make()}>
        Make one for a day
      </Button>
    </div>
  )
}
