import { useMutation } from '@tanstack/react-query'
import { PlugZap } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { api, ifMatch, taken, type Schemas } from '@/api/client'
import { documentChanged, newestRevision, providers, queryClient } from '@/api/queries'
import { sentenceOf } from '@/api/problem'
import { cleaned } from '@/forms/section'
import { Button } from '@/ui/button'
import { Field, Input } from '@/ui/field'
import { Prose } from '@/ui/prose'
import { Note } from '@/ui/states'
import { keepSecrets } from '@/pages/providers/keys'
import { Steps, useTest } from '@/pages/providers/test'
import type { Connected } from './welcome'

interface ConnectProps {
  type: Schemas['ProviderType']
  blocked: string | null
  onConnected: (connected: Connected) => void
}

/** Tests what was pasted, and adds the provider when it works. */
export function Connect({ type, blocked, onConnected }: ConnectProps) {
  const [key, setKey] = useState('')
  const [url, setUrl] = useState(type.needs_key ? '' : (type.default_base_url ?? ''))
  const section = cleaned({ type: type.type, key, base_url: url })
  const test = useTest()
  const add = useMutation({
    mutationFn: async (models: string[]) => {
      const name = await freeName(type.type)
      const body = { name, ...(await keepSecrets(name, section)) }
      await taken(api.POST('/api/v1/providers', { params: { header: ifMatch(await newestRevision()) }, body }))
      return { provider: name, models }
    },
    onSuccess: async (connected) => {
      onConnected(connected)
      await documentChanged()
    },
  })
  const missing = type.needs_key && !key ? 'Paste the key first.' : type.needs_base_url && !url ? 'Say where it is first.' : null

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (blocked ?? missing) return
    const tested = await test.mutateAsync({ section }).catch(() => null)
    if (tested?.ok) add.mutate(tested.models)
  }

  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4" noValidate>
      <div className="grid gap-4 sm:grid-cols-2">
        {type.needs_key && (
          <Field label="Key" required hint="Encrypted and kept apart; it is never shown again. ${VARIABLE} works, too.">
            <Input mono autoFocus type="password" autoComplete="new-password" value={key} onChange={(event) => setKey(event.target.value)} />
          </Field>
        )}
        <Field label="Base URL" required={type.needs_base_url} hint={<Prose text={type.hint ?? (type.default_base_url ? `Usually ${type.default_base_url}` : '')} />}>
          <Input mono type="url" autoFocus={!type.needs_key} placeholder={type.default_base_url ?? 'http://127.0.0.1:8000'} value={url} onChange={(event) => setUrl(event.target.value)} />
        </Field>
      </div>
      <div>
        <Button type="submit" kind="primary" icon={PlugZap} busy={test.isPending || add.isPending} blocked={blocked ?? missing}>
          Test and add
        </Button>
      </div>
      <div aria-live="polite" className="flex flex-col gap-2">
        {test.data && <Steps tested={test.data} />}
        {test.data && !test.data.ok && (
          <div>
            <Button small blocked={blocked} busy={add.isPending} onClick={() => add.mutate([])}>
              Add it all the same
            </Button>
          </div>
        )}
        {(test.error ?? add.error) && <Note tone="bad">{sentenceOf(test.error ?? add.error)}</Note>}
      </div>
    </form>
  )
}

/** The type's own name, or the first behind it that nobody has. */
async function freeName(type: string): Promise<string> {
  const taken = new Set((await queryClient.fetchQuery(providers)).map(({ name }) => name))
  let name = type
  for (let at = 2; taken.has(name); at += 1) name = `${type}-${at}`
  return name
}
