import { api, taken } from '@/api/client'
import { isReference } from '@/forms/editors'
import type { Section } from '@/forms/section'
import { textOf, type KeyEntry } from './keys-field'

/** What stands for a key that nobody is shown; it goes back as it came. */
const MASKED = /^[•*]+/

/** The keys of a section as a list, whichever of its two fields holds them. */
export function keysOf(section: Section): KeyEntry[] {
  if (Array.isArray(section.keys)) return section.keys as KeyEntry[]
  return section.key ? [String(section.key)] : []
}

/** One plain key is written as `key`, anything else as `keys`. */
export function withKeys(keys: KeyEntry[]): Section {
  const [first] = keys
  if (keys.length <= 1 && typeof first !== 'object') return { key: first || undefined, keys: undefined }
  return { key: undefined, keys }
}

/** Keys that were pasted go where secrets are kept; the section then names them. */
export async function keepSecrets(provider: string, section: Section): Promise<Section> {
  const keys = keysOf(section)
  if (!keys.some(isPlain)) return section
  const named: KeyEntry[] = []
  for (const [at, entry] of keys.entries()) {
    if (!isPlain(entry)) {
      named.push(entry)
      continue
    }
    const name = secretName(provider, at, keys.length)
    await taken(api.PUT('/api/v1/secrets/{name}', { params: { path: { name } }, body: { value: textOf(entry) } }))
    named.push(typeof entry === 'string' ? `secret:${name}` : { ...entry, key: `secret:${name}` })
  }
  const kept = { ...section }
  for (const [field, value] of Object.entries(withKeys(named))) {
    if (value !== undefined) kept[field] = value
    // A field that is taken back stays so.
    else if (kept[field] !== null) delete kept[field]
  }
  return kept
}

function isPlain(entry: KeyEntry): boolean {
  const text = textOf(entry)
  return text !== '' && !isReference(text) && !MASKED.test(text)
}

export function secretName(provider: string, at: number, of: number): string {
  const plain = provider.replace(/[^\w-]+/g, '-')
  return of === 1 ? plain : `${plain}-${at + 1}`
}
