import { useMutation } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useForm, useWatch } from 'react-hook-form'
import { documentChanged } from '@/api/queries'
import { ApiError, sentenceOf } from '@/api/problem'
import { say } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { changesBetween, cleaned, placed, type Section } from './section'

interface Values {
  name: string
  section: Section
}

interface Options {
  name: string
  section: Section
  /** The revision that was read; a change names it. */
  revision: string
  /** Sends the change; for a new section all of it. */
  send: (change: { name: string; section: Section; changes: Section; revision: string }) => Promise<unknown>
  /** Asks for the newest revision: when somebody else was faster. */
  newest: () => Promise<string>
  onSaved: (name: string) => void
  saved: string
}

/** A form over one section of the document: its values, what is wrong with them, and how they are saved. */
export function useSection({ name, section, revision, send, newest, onSaved, saved }: Options) {
  const form = useForm<Values>({ defaultValues: { name, section } })
  const values = useWatch({ control: form.control }) as Values
  const [stale, setStale] = useState(false)
  const [general, setGeneral] = useState<string[]>([])
  const [errors, setErrors] = useState<Record<string, string>>({})
  const changes = useMemo(() => changesBetween(section, values.section), [section, values.section])
  const dirty = Object.keys(changes).length > 0 || values.name !== name

  useUnsaved(dirty)

  function show(error: unknown) {
    if (!(error instanceof ApiError)) return setGeneral([sentenceOf(error)])
    if (error.stale) return setStale(true)
    const { problems = [], field } = error.problem
    const found = placed(problems)
    if (field) found.push({ path: field, message: error.message })
    setErrors(Object.fromEntries(found.filter((one) => one.path !== '').map((one) => [one.path, one.message])))
    const rest = found.filter((one) => one.path === '').map((one) => one.message)
    setGeneral(found.length === 0 ? [sentenceOf(error)] : rest)
  }

  const save = useMutation({
    mutationFn: async (overwrite: boolean) => {
      setErrors({})
      setGeneral([])
      setStale(false)
      const wanted = { name: values.name.trim(), section: cleaned(values.section), changes }
      await send({ ...wanted, revision: overwrite ? await newest() : revision })
      return wanted.name
    },
    onError: show,
    onSuccess: async (name) => {
      await documentChanged()
      say(saved)
      onSaved(name)
    },
  })

  return {
    values,
    errors,
    general,
    dirty,
    stale,
    busy: save.isPending,
    set: (key: string, value: unknown) => {
      form.setValue(`section.${key}` as never, value as never, { shouldDirty: true })
      setErrors((before) => Object.fromEntries(Object.entries(before).filter(([path]) => path !== key && !path.startsWith(`${key}.`))))
    },
    setName: (to: string) => form.setValue('name', to, { shouldDirty: true }),
    save: (overwrite = false) => save.mutate(overwrite),
    discard: () => {
      form.reset({ name, section })
      setErrors({})
      setGeneral([])
      setStale(false)
    },
  }
}

export type SectionForm = ReturnType<typeof useSection>
