import { Plus, X } from 'lucide-react'
import { isReference } from '@/forms/editors'
import type { Section } from '@/forms/section'
import { Button, IconButton } from '@/ui/button'
import { Input } from '@/ui/field'

export type KeyEntry = string | Section

/** A key's text, however it is written. */
export const textOf = (entry: KeyEntry): string => (typeof entry === 'string' ? entry : String(entry.key ?? ''))
const withText = (entry: KeyEntry, text: string): KeyEntry => (typeof entry === 'string' ? text : { ...entry, key: text })

interface KeysFieldProps {
  keys: KeyEntry[]
  onChange: (keys: KeyEntry[]) => void
  error?: string
  readOnly: boolean
}

/** A provider's keys, one a line. What is typed in the clear is not shown. */
export function KeysField({ keys, onChange, error, readOnly }: KeysFieldProps) {
  const shown = keys.length > 0 ? keys : ['']
  const set = (at: number, entry: KeyEntry) => onChange(shown.map((old, other) => (other === at ? entry : old)))
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 text-[13px] font-medium">{shown.length > 1 ? 'Keys' : 'Key'}</legend>
      <div className="flex flex-col gap-1.5">
        {shown.map((entry, at) => (
          <div key={at} className="flex flex-wrap gap-1.5">
            <Input
              mono
              aria-label={shown.length > 1 ? `Key ${at + 1}` : 'Key'}
              aria-invalid={error ? true : undefined}
              type={isReference(textOf(entry)) ? 'text' : 'password'}
              autoComplete="new-password"
              placeholder="Paste it, or name a variable: ${OPENAI_API_KEY}"
              readOnly={readOnly}
              value={textOf(entry)}
              onChange={(event) => set(at, withText(entry, event.target.value))}
              className="flex-1 basis-48"
            />
            {shown.length > 1 && !readOnly && <IconButton label={`Remove key ${at + 1}`} icon={X} onClick={() => onChange(shown.filter((_, other) => other !== at))} />}
            {typeof entry === 'object' && <Limits entry={entry} at={at} onChange={(next) => set(at, next)} readOnly={readOnly} />}
          </div>
        ))}
      </div>
      {error && (
        <p role="alert" className="mt-1 text-xs text-bad">
          {error}
        </p>
      )}
      <p className="mt-1 text-xs text-muted">A pasted key is encrypted and kept apart; the configuration only names it. Several keys are used in turn.</p>
      {!readOnly && (
        <div className="mt-2 flex flex-wrap gap-2">
          <Button small icon={Plus} onClick={() => onChange([...shown, ''])}>
            Add another key
          </Button>
          {shown.some((entry) => typeof entry === 'string') && keys.length > 0 && (
            <Button small kind="quiet" onClick={() => onChange(shown.map((entry) => (typeof entry === 'string' ? { key: entry } : entry)))}>
              Limits of each key…
            </Button>
          )}
        </div>
      )}
    </fieldset>
  )
}

const LIMITS = [
  ['weight', 'Weight'],
  ['requests_per_minute', 'Requests a minute'],
  ['tokens_per_minute', 'Tokens a minute'],
] as const

function Limits({ entry, at, onChange, readOnly }: { entry: Section; at: number; onChange: (entry: Section) => void; readOnly: boolean }) {
  return (
    <div className="grid w-full grid-cols-3 gap-1.5 pl-3">
      {LIMITS.map(([key, label]) => (
        <Input
          key={key}
          type="number"
          min={1}
          aria-label={`${label}, key ${at + 1}`}
          placeholder={label}
          readOnly={readOnly}
          value={entry[key] === undefined ? '' : String(entry[key])}
          onChange={(event) => onChange({ ...entry, [key]: event.target.value === '' ? undefined : Number(event.target.value) })}
        />
      ))}
    </div>
  )
}
