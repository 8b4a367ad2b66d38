import { Plus, X } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { Button, IconButton } from '@/ui/button'
import { Disclosure } from '@/ui/disclosure'
import { Checkbox, Field, Input, Select, TextArea } from '@/ui/field'
import { Prose } from '@/ui/prose'
import type { FieldSpec } from './schema'
import type { Section } from './section'

interface EditorProps {
  spec: FieldSpec
  value: unknown
  onChange: (value: unknown) => void
  onBlur?: () => void
  /** Of this field, or of what is inside of it, by the path from here. */
  errors?: Record<string, string>
  readOnly?: boolean
}

/** One setting, as the schema describes it. */
export function SchemaField(props: EditorProps) {
  const { spec, errors } = props
  if (spec.kind === 'group') return <Group {...props} />
  if (spec.kind === 'map' || spec.kind === 'choices') {
    return (
      <fieldset className="min-w-0">
        <legend className="mb-1 text-[13px] font-medium">{spec.label}</legend>
        {spec.kind === 'map' ? <MapEditor {...props} /> : <Choices {...props} />}
        {errors?.[''] && <p role="alert" className="mt-1 text-xs text-bad">{errors['']}</p>}
        <p className="mt-1 text-xs text-muted">{hintOf(spec)}</p>
      </fieldset>
    )
  }
  return (
    <Field label={spec.label} hint={hintOf(spec)} error={errors?.['']}>
      <Single {...props} />
    </Field>
  )
}

/** What helps to fill it in. What holds otherwise stands in the field itself, where that has room for it. */
export function hintOf({ kind, description, fallback }: FieldSpec): ReactNode {
  const shown = ['text', 'secret', 'number', 'choice', 'flag'].includes(kind)
  return <Prose text={shown || !fallback || fallback === 'none' ? description : `${description} Usually ${fallback}.`} />
}

function Single({ spec, value, onChange, onBlur, readOnly }: EditorProps) {
  switch (spec.kind) {
    case 'number':
      return (
        <span className="flex items-center gap-2">
          <Input type="number" min={spec.minimum} step="any" readOnly={readOnly} value={value === undefined ? '' : String(value)} placeholder={spec.fallback} onBlur={onBlur} onChange={(event) => onChange(event.target.value === '' ? undefined : Number(event.target.value))} />
          {spec.unit && <span className="shrink-0 text-xs text-muted">{spec.unit}</span>}
        </span>
      )
    case 'flag':
      return (
        <Select disabled={readOnly} value={value === undefined ? '' : String(value)} onBlur={onBlur} onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value === 'true')}>
          <option value="">As usual{spec.fallback && `: ${spec.fallback}`}</option>
          <option value="true">Yes</option>
          <option value="false">No</option>
        </Select>
      )
    case 'choice':
      return <ChoiceSelect spec={spec} value={value} onChange={onChange} readOnly={readOnly} />
    case 'list':
      return (
        <TextArea mono rows={Math.min(6, Math.max(2, lines(value).length))} readOnly={readOnly} placeholder="One a line" value={lines(value).join('\n')} onBlur={onBlur} onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value.split('\n'))} />
      )
    case 'json':
      return <JsonEditor value={value} onChange={onChange} readOnly={readOnly} />
    default:
      return (
        <Input
          type={spec.kind === 'secret' && !isReference(value) ? 'password' : 'text'}
          readOnly={readOnly}
          value={typeof value === 'string' || typeof value === 'number' ? String(value) : ''}
          placeholder={spec.fallback || spec.example}
          onBlur={onBlur}
          onChange={(event) => onChange(event.target.value || undefined)}
        />
      )
  }
}

/** A secret that is named, not told: it may be read. */
export function isReference(value: unknown): boolean {
  return typeof value === 'string' && /^(\$\{|secret:)/.test(value)
}

const lines = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])

export function ChoiceSelect({ spec, value, onChange, readOnly }: EditorProps) {
  const chosen = spec.options?.find((option) => option.value === value)
  return (
    <>
      <Select disabled={readOnly} value={typeof value === 'string' ? value : ''} onChange={(event) => onChange(event.target.value || undefined)}>
        <option value="">As usual{spec.fallback && `: ${spec.fallback.replaceAll('`', '')}`}</option>
        {spec.options?.map((option) => (
          <option key={option.value} value={option.value}>
            {option.value}
          </option>
        ))}
      </Select>
      {chosen?.description && (
        <p className="text-xs text-ink">
          <Prose text={chosen.description} />
        </p>
      )}
    </>
  )
}

function Choices({ spec, value, onChange, readOnly }: EditorProps) {
  const chosen = lines(value)
  return (
    <div className="grid gap-1 sm:grid-cols-2">
      {spec.options?.map((option) => (
        <Checkbox
          key={option.value}
          label={option.value}
          disabled={readOnly}
          checked={chosen.includes(option.value)}
          onChange={(event) => onChange(event.target.checked ? [...chosen, option.value] : chosen.filter((item) => item !== option.value))}
        />
      ))}
    </div>
  )
}

function MapEditor({ spec, value, onChange, readOnly }: EditorProps) {
  const entries = Object.entries((value ?? {}) as Record<string, string>)
  const set = (list: [string, string][]) => onChange(list.length > 0 ? Object.fromEntries(list) : undefined)
  return (
    <div className="flex flex-col gap-1.5">
      {entries.map(([key, item], at) => (
        <div key={at} className="flex gap-1.5">
          <Input mono aria-label={`${spec.label}: name ${at + 1}`} readOnly={readOnly} value={key} onChange={(event) => set(entries.map((entry, other) => (other === at ? [event.target.value, entry[1]] : entry)))} />
          <Input mono aria-label={`${spec.label}: value ${at + 1}`} readOnly={readOnly} value={item} onChange={(event) => set(entries.map((entry, other) => (other === at ? [entry[0], event.target.value] : entry)))} />
          {!readOnly && <IconButton label={`Remove ${key || 'this line'}`} icon={X} onClick={() => set(entries.filter((_, other) => other !== at))} />}
        </div>
      ))}
      {!readOnly && (
        <div>
          <Button small icon={Plus} onClick={() => set([...entries, ['', '']])}>
            Add a line
          </Button>
        </div>
      )}
    </div>
  )
}

function JsonEditor({ value, onChange, readOnly }: Pick<EditorProps, 'value' | 'onChange' | 'readOnly'>) {
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)))
  const [wrong, setWrong] = useState(false)
  return (
    <>
      <TextArea
        mono
        rows={Math.min(10, Math.max(2, text.split('\n').length))}
        readOnly={readOnly}
        placeholder="JSON"
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          try {
            onChange(event.target.value.trim() === '' ? undefined : JSON.parse(event.target.value))
            setWrong(false)
          } catch {
            setWrong(true)
          }
        }}
      />
      {wrong && <p className="text-xs text-bad">This is not JSON yet.</p>}
    </>
  )
}

function Group({ spec, value, onChange, errors, readOnly }: EditorProps) {
  const table = (value ?? {}) as Section
  const said = Object.values(table).filter((item) => item !== undefined).length
  const wrong = errors && Object.keys(errors).length > 0
  return (
    <Disclosure title={spec.label} note={said > 0 ? `${said} set` : 'as usual'} forced={wrong} className="rounded-md border border-line md:col-span-2">
      <div className="border-t border-line p-3">
        <p className="mb-3 text-xs text-muted">
          <Prose text={spec.description} />
        </p>
        <div className="grid gap-4 md:grid-cols-2">
          {spec.fields?.map((field) => (
            <SchemaField key={field.key} spec={field} value={table[field.key]} readOnly={readOnly} errors={below(errors, field.key)} onChange={(next) => onChange({ ...table, [field.key]: next })} />
          ))}
        </div>
      </div>
    </Disclosure>
  )
}

/** Of errors by path those that are inside of `key`. */
export function below(errors: Record<string, string> | undefined, key: string): Record<string, string> | undefined {
  if (!errors) return undefined
  const inside: Record<string, string> = {}
  for (const [path, message] of Object.entries(errors)) {
    if (path === key) inside[''] = message
    else if (path.startsWith(`${key}.`)) inside[path.slice(key.length + 1)] = message
  }
  return Object.keys(inside).length > 0 ? inside : undefined
}
