import type { ClientKey } from '@/api/queries'
import type { Section } from '@/forms/section'

/** A client key as its form has it: texts, as people type them. */
export interface KeyForm {
  name: string
  owner: string
  tags: string
  models: string
  providers: string
  expires: string
  requests_per_minute: string
  tokens_per_minute: string
  parallel_requests: string
  budgets: { usd: string; period: string; hard: boolean }[]
}

export const EMPTY: KeyForm = { name: '', owner: '', tags: '', models: '', providers: '', expires: '', requests_per_minute: '', tokens_per_minute: '', parallel_requests: '', budgets: [] }

export function formOf(row: ClientKey): KeyForm {
  const text = (value: number | null | undefined) => (value == null ? '' : String(value))
  return {
    name: row.name,
    owner: row.owner ?? '',
    tags: row.tags.join(', '),
    models: (row.models ?? []).join(', '),
    providers: (row.providers ?? []).join(', '),
    expires: (row.expires ?? '').slice(0, 10),
    requests_per_minute: text(row.requests_per_minute),
    tokens_per_minute: text(row.tokens_per_minute),
    parallel_requests: text(row.parallel_requests),
    budgets: (row.budgets ?? []).map(({ usd, period, hard }) => ({ usd, period, hard: hard !== false })),
  }
}

/** The form as the API takes it. */
export function fieldsOf(form: KeyForm): Section {
  const list = (text: string) => text.split(',').map((item) => item.trim()).filter(Boolean)
  const number = (text: string) => (text.trim() === '' ? null : Number(text))
  return {
    name: form.name.trim(),
    owner: form.owner.trim() || null,
    tags: list(form.tags),
    models: list(form.models),
    providers: list(form.providers),
    expires: form.expires || null,
    requests_per_minute: number(form.requests_per_minute),
    tokens_per_minute: number(form.tokens_per_minute),
    parallel_requests: number(form.parallel_requests),
    budgets: form.budgets.filter((budget) => budget.usd.trim() !== ''),
  }
}

/** Of the fields those that say something: a new key is told no more. */
export function saying(fields: Section): Section {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0)))
}

/** Of the fields those that are other than before; `null` takes one back. */
export function changed(before: KeyForm, after: KeyForm): Section {
  const [from, to] = [fieldsOf(before), fieldsOf(after)]
  return Object.fromEntries(
    Object.entries(to)
      .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(from[key]))
      .map(([key, value]) => [key, Array.isArray(value) && value.length === 0 ? null : value]),
  )
}
