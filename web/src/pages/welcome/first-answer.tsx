import { SendHorizontal } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { Button, ButtonLink } from '@/ui/button'
import { Combobox } from '@/ui/combobox'
import { Field, Input } from '@/ui/field'
import { keptKey } from '@/pages/playground/key-field'
import { LaneView } from '@/pages/playground/lane'
import { INITIAL } from '@/pages/playground/setup'
import { useLane } from '@/pages/playground/use-lane'
import type { Connected } from './welcome'

/** Kinds of models that do not chat; they are not what one begins with. */
const NO_CHAT = /embed|whisper|tts|audio|image|moderation|rerank|guard/i

/** A first question to the provider that was just added. */
export function FirstAnswer({ connected }: { connected: Connected }) {
  const names = connected.models.map((model) => `${connected.provider}/${model}`)
  const [model, setModel] = useState(names.find((name) => !NO_CHAT.test(name)) ?? names[0] ?? `${connected.provider}/`)
  const [text, setText] = useState('Say hello, and tell me in one sentence who you are.')
  const [clientKey, setClientKey] = useState(keptKey)
  const lane = useLane(INITIAL, clientKey)
  const answered = lane.exchanges.some(({ progress }) => progress.state === 'done')

  function submit(event: FormEvent) {
    event.preventDefault()
    if (text.trim() && !lane.busy) lane.ask(model, { role: 'user', text: text.trim(), images: [] })
  }
  return (
    <div className="flex flex-col gap-4">
      <form onSubmit={submit} className="flex flex-col gap-3">
        <Field label="Model">
          <Combobox value={model} onChange={setModel} options={names.map((value) => ({ value }))} />
        </Field>
        <div className="flex items-end gap-2">
          <Field label="Question" className="flex-1">
            <Input value={text} onChange={(event) => setText(event.target.value)} />
          </Field>
          <Button type="submit" kind="primary" icon={SendHorizontal} busy={lane.busy}>
            Ask
          </Button>
        </div>
      </form>
      {lane.exchanges.length > 0 && (
        <div className="rounded-md border border-line">
          <LaneView lane={lane} onResults={(turn) => lane.ask(model, turn)} onKey={setClientKey} />
        </div>
      )}
      {answered && (
        <div className="flex flex-wrap gap-2">
          <ButtonLink kind="primary" href={`/models/new?provider=${encodeURIComponent(connected.provider)}&model=${encodeURIComponent(model.slice(connected.provider.length + 1))}`}>
            Give the model a name of your own
          </ButtonLink>
          <ButtonLink href={`/playground?model=${encodeURIComponent(model)}`}>Go on in the playground</ButtonLink>
          <ButtonLink href="/keys">Make keys for clients</ButtonLink>
        </div>
      )}
    </div>
  )
}
