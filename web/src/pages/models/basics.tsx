import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { configSchema, models } from '@/api/queries'
import { below, ChoiceSelect, SchemaField } from '@/forms/editors'
import { fieldOf, sectionNode, type Node } from '@/forms/schema'
import type { SectionForm } from '@/forms/use-section'
import { Card } from '@/ui/card'
import { Field, Input, Select } from '@/ui/field'
import { Targets } from './targets'
import type { Target } from './tiers'

export const ON_THE_PAGE = ['targets', 'strategy', 'fallbacks', 'context_window', 'price']

export function ModelBasics({ form, readOnly, isNew }: { form: SectionForm; readOnly: boolean; isNew?: boolean }) {
  const schema = useQuery(configSchema).data as Node | undefined
  const known = sectionNode(schema, 'models')?.properties
  const { section } = form.values
  return (
    <>
      {isNew && (
        <Card>
          <Field label="Name" required error={form.errors.name} hint="What clients ask for.">
            <Input value={form.values.name} onChange={(event) => form.setName(event.target.value)} />
          </Field>
        </Card>
      )}
      <Targets
        targets={(section.targets as Target[] | undefined) ?? []}
        strategy={String(section.strategy ?? '').replaceAll('_', ' ')}
        readOnly={readOnly}
        errors={below(form.errors, 'targets')}
        onChange={(targets) => form.set('targets', targets)}
      />
      <Card title="Routing">
        <div className="grid items-start gap-x-6 gap-y-5 md:grid-cols-2">
          <Field label="Strategy" hint="Who of one tier comes first." error={form.errors.strategy}>
            {known?.strategy ? <ChoiceSelect spec={fieldOf('strategy', known.strategy)} value={section.strategy} readOnly={readOnly} onChange={(value) => form.set('strategy', value)} /> : <Input readOnly value={String(section.strategy ?? '')} />}
          </Field>
          {known?.context_window && <SchemaField spec={fieldOf('context_window', known.context_window)} readOnly={readOnly} value={section.context_window} errors={below(form.errors, 'context_window')} onChange={(value) => form.set('context_window', value)} />}
          <Fallbacks value={(section.fallbacks as string[] | undefined) ?? []} own={form.values.name} readOnly={readOnly} error={form.errors.fallbacks} onChange={(value) => form.set('fallbacks', value.length > 0 ? value : undefined)} />
          {known?.price && <SchemaField spec={fieldOf('price', known.price)} readOnly={readOnly} value={section.price} errors={below(form.errors, 'price')} onChange={(value) => form.set('price', value)} />}
        </div>
      </Card>
    </>
  )
}

interface FallbacksProps {
  value: string[]
  own: string
  readOnly: boolean
  error?: string
  onChange: (value: string[]) => void
}

/** Declared models, in order. */
function Fallbacks({ value, own, readOnly, error, onChange }: FallbacksProps) {
  const declared = (useQuery(models).data ?? []).filter((row) => row.source === 'document' && row.name !== own && !value.includes(row.name))
  return (
    <Field label="Fallbacks" hint="Models that are asked, in this order, when every target has failed." error={error}>
      {value.length > 0 && (
        <ol className="flex flex-wrap gap-1.5">
          {value.map((name) => (
            <li key={name} className="inline-flex h-7 items-center gap-1 rounded-md bg-hover pr-1 pl-2 text-[13px]">
              {name}
              {!readOnly && (
                <button type="button" aria-label={`Remove fallback ${name}`} onClick={() => onChange(value.filter((other) => other !== name))} className="rounded p-0.5 text-muted hover:text-ink">
                  <X size={13} aria-hidden />
                </button>
              )}
            </li>
          ))}
        </ol>
      )}
      <Select disabled={readOnly || declared.length === 0} value="" onChange={(event) => event.target.value && onChange([...value, event.target.value])}>
        <option value="">{declared.length === 0 ? 'No other declared models' : 'Add a fallback…'}</option>
        {declared.map((row) => (
          <option key={row.name}>{row.name}</option>
        ))}
      </Select>
    </Field>
  )
}
