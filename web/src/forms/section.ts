import type { DocumentProblem } from '@/api/problem'

/** Fields as in the document. */
export type Section = Record<string, unknown>

/** A form's values without those that say nothing: empty texts, lists and tables. */
export function cleaned(section: Section): Section {
  const kept: Section = {}
  for (const [key, value] of Object.entries(section)) {
    const said = cleanedValue(value)
    if (said !== undefined) kept[key] = said
  }
  return kept
}

function cleanedValue(value: unknown): unknown {
  if (value === undefined || value === null || value === '') return undefined
  if (Array.isArray(value)) {
    const items = value.map(cleanedValue).filter((item) => item !== undefined)
    return items.length > 0 ? items : undefined
  }
  if (typeof value === 'object') {
    const table = cleaned(value as Section)
    return Object.keys(table).length > 0 ? table : undefined
  }
  return value
}

/** What has to be said to make `after` of `before`: fields that changed, whole; `null` for those that are gone. */
export function changesBetween(before: Section, after: Section): Section {
  const [from, to] = [cleaned(before), cleaned(after)]
  const changes: Section = {}
  for (const key of Object.keys(to)) if (!same(from[key], to[key])) changes[key] = to[key]
  for (const key of Object.keys(from)) if (!(key in to)) changes[key] = null
  return changes
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b || Array.isArray(a) !== Array.isArray(b)) return false
  const [left, right] = [Object.entries(a), b as Section]
  return left.length === Object.keys(right).length && left.every(([key, value]) => key in right && same(value, right[key]))
}

/** `models."a.b".targets[1].model` as `['models', 'a.b', 'targets', '1', 'model']` */
export function segmentsOf(path: string): string[] {
  const segments: string[] = []
  for (const match of path.matchAll(/"((?:[^"\\]|\\.)*)"|\[(\d+)\]|([^.[\]"]+)/g)) segments.push(match[1] ?? match[2] ?? match[3] ?? '')
  return segments
}

export interface Placed {
  /** Below the section: `targets.1.model`. Empty when it is the section as a whole. */
  path: string
  message: string
}

/** Problems of a document as those of a form: what stands before the section's own fields is taken off. */
export function placed(problems: DocumentProblem[], depth = 2): Placed[] {
  return problems
    .filter((problem) => problem.severity === 'error')
    .map(({ path, message, hint }) => ({ path: segmentsOf(path).slice(depth).join('.'), message: hint ? `${message}: ${hint}` : message }))
}
