import { useQuery } from '@tanstack/react-query'
import { GripVertical, SlidersHorizontal, X } from 'lucide-react'
import { useState } from 'react'
import { providerModels, providers } from '@/api/queries'
import { below, SchemaField } from '@/forms/editors'
import type { FieldSpec } from '@/forms/schema'
import { short } from '@/format/number'
import { IconButton } from '@/ui/button'
import { Combobox } from '@/ui/combobox'
import { Input, Select } from '@/ui/field'
import { shareOf, type Target, type Tier } from './tiers'

interface TargetRowProps {
  target: Target
  tier: Tier
  /** Settings beyond those of the row. */
  extra: FieldSpec[]
  errors?: Record<string, string>
  readOnly: boolean
  onChange: (target: Target) => void
  onRemove: () => void
  /** Moves it as an arrow key says; whether it was one. */
  onStep: (key: string) => boolean
  onDragStart: () => void
  onDragEnd: () => void
}

export function TargetRow({ target, tier, extra, errors, readOnly, onChange, onRemove, onStep, onDragStart, onDragEnd }: TargetRowProps) {
  const known = useQuery(providers).data ?? []
  const [more, setMore] = useState(false)
  const said = extra.filter((field) => target[field.key] !== undefined).length
  const name = target.model ? `${target.provider} ${target.model}` : 'the new target'
  const messages = Object.entries(errors ?? {}).filter(([path]) => !path.includes('.'))

  return (
    <div className="rounded-md border border-line bg-raised">
      <div className="flex flex-wrap items-center gap-1.5 p-1.5">
        {!readOnly && (
          <button
            type="button"
            draggable
            data-handle={`${target.provider}/${target.model}`}
            aria-label={`Move ${name}: drag, or press arrow up or down`}
            title="Drag, or press arrow up or down"
            onDragStart={(event) => {
              event.dataTransfer.effectAllowed = 'move'
              event.dataTransfer.setData('text/plain', name)
              onDragStart()
            }}
            onDragEnd={onDragEnd}
            onKeyDown={(event) => onStep(event.key) && event.preventDefault()}
            className="flex h-8 w-6 cursor-grab items-center justify-center rounded text-faint hover:bg-hover hover:text-ink active:cursor-grabbing"
          >
            <GripVertical size={14} aria-hidden />
          </button>
        )}
        <div className="min-w-0 flex-1 basis-28">
          <Select aria-label="Provider" disabled={readOnly} aria-invalid={errors?.provider ? true : undefined} value={target.provider} onChange={(event) => onChange({ ...target, provider: event.target.value })}>
            <option value="">Provider…</option>
            {target.provider && !known.some((row) => row.name === target.provider) && <option>{target.provider}</option>}
            {known.map((row) => (
              <option key={row.name}>{row.name}</option>
            ))}
          </Select>
        </div>
        <div className="min-w-0 flex-[2] basis-36">
          {readOnly ? <Input mono readOnly aria-label="Upstream model" value={target.model} /> : <UpstreamModel target={target} onChange={(model) => onChange({ ...target, model })} />}
        </div>
        <label className="flex items-center gap-1.5 text-xs text-muted">
          Weight
          <Input type="number" min={1} readOnly={readOnly} value={target.weight ?? ''} placeholder="1" onChange={(event) => onChange({ ...target, weight: event.target.value === '' ? undefined : Number(event.target.value) })} className="w-14!" />
          <span className="nums w-9 text-right">{shareOf(tier, target)}</span>
        </label>
        <IconButton small label={more ? `Fewer settings of ${name}` : `More settings of ${name}`} icon={SlidersHorizontal} aria-expanded={more} onClick={() => setMore(!more)} className={said > 0 ? 'text-accent' : ''} />
        {!readOnly && <IconButton small label={`Remove ${name}`} icon={X} onClick={onRemove} />}
      </div>
      {messages.map(([path, message]) => (
        <p key={path} role="alert" className="px-2 pb-1.5 text-xs text-bad">
          {message}
        </p>
      ))}
      {more && (
        <div className="grid items-start gap-x-5 gap-y-4 border-t border-line p-3 md:grid-cols-2">
          {extra.map((field) => (
            <SchemaField key={field.key} spec={field} readOnly={readOnly} value={target[field.key]} errors={below(errors, field.key)} onChange={(value) => onChange({ ...target, [field.key]: value })} />
          ))}
        </div>
      )}
    </div>
  )
}

/** The provider's own list, as far as it tells one. */
function UpstreamModel({ target, onChange }: { target: Target; onChange: (model: string) => void }) {
  const question = useQuery({ ...providerModels(target.provider), enabled: target.provider !== '' })
  const options = (question.data ?? []).map((row) => ({ value: row.name, note: row.context_window ? short(row.context_window) : undefined }))
  return (
    <Combobox
      mono
      label="Upstream model"
      placeholder={target.provider ? 'The provider’s own name for the model' : 'Choose a provider first'}
      waiting={question.isLoading ? 'Asking the provider for its models…' : undefined}
      value={target.model}
      options={options}
      onChange={onChange}
    />
  )
}
