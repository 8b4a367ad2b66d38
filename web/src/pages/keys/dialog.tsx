import { useMutation, useQuery } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { useId } from 'react'
import { Controller, useFieldArray, useForm, type Path } from 'react-hook-form'
import { api, taken } from '@/api/client'
import { clientKeys, models, queryClient } from '@/api/queries'
import { ApiError, sentenceOf } from '@/api/problem'
import { Button, IconButton } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Checkbox, Field, Input, Select } from '@/ui/field'
import { Note } from '@/ui/states'
import { say } from '@/ui/toast'
import { changed, EMPTY, fieldsOf, formOf, saying, type KeyForm } from './fields'
import type { Editing } from './keys'

interface KeyDialogProps {
  editing: Editing
  onClose: () => void
  onMade: (made: { name: string; key: string }) => void
}

export function KeyDialog({ editing, onClose, onMade }: KeyDialogProps) {
  const before = editing.kind === 'edit' ? formOf(editing.key) : EMPTY
  const form = useForm<KeyForm>({ defaultValues: before })
  const id = useId()
  const known = useQuery(models).data ?? []
  const errors = form.formState.errors

  const save = useMutation({
    mutationFn: async (values: KeyForm) => {
      if (editing.kind === 'new') {
        const made = await taken(api.POST('/api/v1/client-keys', { body: { ...saying(fieldsOf(values)), name: values.name } }))
        onMade({ name: values.name, key: made.key })
      } else {
        await taken(api.PATCH('/api/v1/client-keys/{key}', { params: { path: { key: editing.key.id } }, body: changed(before, values) }))
        say(`Key ${values.name} is saved.`)
      }
    },
    onSuccess: async () => {
      await queryClient.invalidateQueries(clientKeys)
      onClose()
    },
    onError: (error) => {
      const field = error instanceof ApiError ? error.problem.field?.split(/[.[]/)[0] : undefined
      if (field && field in EMPTY) form.setError(field as Path<KeyForm>, { message: sentenceOf(error) }, { shouldFocus: true })
      else form.setError('root', { message: sentenceOf(error) })
    },
  })

  return (
    <Dialog
      wide
      title={editing.kind === 'new' ? 'Make a client key' : `Edit ${editing.key.name}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form={id} busy={save.isPending}>
            {editing.kind === 'new' ? 'Make the key' : 'Save'}
          </Button>
        </>
      }
    >
      <form id={id} noValidate onSubmit={(event) => void form.handleSubmit((values) => save.mutate(values))(event)} className="flex flex-col gap-5">
        {errors.root && <Note tone="bad" role="alert">{errors.root.message}</Note>}
        <div className="grid gap-4 sm:grid-cols-3">
          <Field label="Name" required error={errors.name?.message} hint="What reports call its holder.">
            <Input autoFocus {...form.register('name', { required: 'A key needs a name.' })} />
          </Field>
          <Field label="Owner" error={errors.owner?.message}>
            <Input {...form.register('owner')} />
          </Field>
          <Field label="Tags" error={errors.tags?.message} hint="Apart by commas.">
            <Input {...form.register('tags')} />
          </Field>
          <Field label="Models" error={errors.models?.message} hint={`Names, apart by commas; * for any text. Empty: all${known.length ? `, such as ${known[0]?.name}` : ''}.`} className="sm:col-span-2">
            <Input mono {...form.register('models')} />
          </Field>
          <Field label="Providers" error={errors.providers?.message} hint="Who may serve it. Empty: all.">
            <Input mono {...form.register('providers')} />
          </Field>
        </div>
        <fieldset className="grid gap-4 border-t border-line pt-4 sm:grid-cols-3">
          <legend className="sr-only">Limits</legend>
          <Field label="Requests a minute" error={errors.requests_per_minute?.message}>
            <Input type="number" min={1} placeholder="no limit" {...form.register('requests_per_minute')} />
          </Field>
          <Field label="Tokens a minute" error={errors.tokens_per_minute?.message}>
            <Input type="number" min={1} placeholder="no limit" {...form.register('tokens_per_minute')} />
          </Field>
          <Field label="Requests at once" error={errors.parallel_requests?.message}>
            <Input type="number" min={1} placeholder="no limit" {...form.register('parallel_requests')} />
          </Field>
          <Field label="Good until" error={errors.expires?.message}>
            <Input type="date" {...form.register('expires')} />
          </Field>
        </fieldset>
        <BudgetList form={form} error={errors.budgets?.message} />
      </form>
    </Dialog>
  )
}

function BudgetList({ form, error }: { form: ReturnType<typeof useForm<KeyForm>>; error?: string }) {
  const budgets = useFieldArray({ control: form.control, name: 'budgets' })
  return (
    <fieldset className="border-t border-line pt-4">
      <legend className="sr-only">Budgets</legend>
      <div className="mb-2 flex items-center justify-between">
        <p className="text-[13px] font-medium">Budgets</p>
        <Button small icon={Plus} onClick={() => budgets.append({ usd: '', period: 'month', hard: true })}>
          Add a budget
        </Button>
      </div>
      {budgets.fields.length === 0 && <p className="text-[13px] text-muted">It may spend without limit.</p>}
      <ul className="flex flex-col gap-2">
        {budgets.fields.map((field, at) => (
          <li key={field.id} className="flex flex-wrap items-center gap-2">
            <span className="text-[13px] text-muted">$</span>
            <Input type="number" min={0} step="any" aria-label={`Budget ${at + 1}, USD`} {...form.register(`budgets.${at}.usd`)} className="w-28!" />
            <Select aria-label={`Budget ${at + 1}, period`} {...form.register(`budgets.${at}.period`)} className="w-32!">
              <option value="hour">an hour</option>
              <option value="day">a day</option>
              <option value="week">a week</option>
              <option value="month">a month</option>
              <option value="total">in total</option>
            </Select>
            <Controller control={form.control} name={`budgets.${at}.hard`} render={({ field }) => <Checkbox label="refuse beyond it" checked={field.value} onChange={field.onChange} />} />
            <IconButton small label={`Remove budget ${at + 1}`} icon={X} onClick={() => budgets.remove(at)} />
          </li>
        ))}
      </ul>
      {error && <p role="alert" className="mt-1 text-xs text-bad">{error}</p>}
    </fieldset>
  )
}
