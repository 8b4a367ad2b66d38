import type { Completion, CompletionContext, CompletionResult, CompletionSource } from '@codemirror/autocomplete'
import { fieldOf, type Node } from '@/forms/schema'

/** What the schema knows of the place where one types: the keys of its table, the values of its key, the names of tables. */
export function completer(schema: Node): CompletionSource {
  return (context: CompletionContext): CompletionResult | null => {
    const line = context.state.doc.lineAt(context.pos)
    const before = line.text.slice(0, context.pos - line.from)
    const found = suggest(schema, context.state.doc.sliceString(0, line.from), before)
    if (!found || (found.options.length > 0 && !context.explicit && before.trim() === '')) return null
    return { from: context.pos - found.typed.length, options: found.options, validFor: /^[\w."-]*$/ }
  }
}

export interface Suggested {
  /** What of the word is there already. */
  typed: string
  options: Completion[]
}

/** Pure: from the text above the line and the line up to the cursor. */
export function suggest(schema: Node, above: string, before: string): Suggested | null {
  const head = /^\s*\[{1,2}([\w."-]*)$/.exec(before)
  if (head) return { typed: head[1] ?? '', options: tables(schema) }

  const table = tableOf(above)
  const value = /^\s*([\w-]+)\s*=\s*\[?\s*(?:"[^"]*",\s*)*("?[\w-]*)$/.exec(before)
  if (value) {
    const node = nodeAt(schema, [...table, value[1] ?? ''])
    return node ? { typed: value[2] ?? '', options: values(node) } : null
  }
  const key = /^\s*([\w-]*)$/.exec(before) ?? /[{,]\s*([\w-]*)$/.exec(before)
  if (!key) return null
  const inline = /^\s*([\w-]+)\s*=/.exec(before)
  const node = nodeAt(schema, inline ? [...table, inline[1] ?? ''] : table)
  return node?.properties ? { typed: key[1] ?? '', options: keys(node) } : null
}

/** The table that a line belongs to: that of the last head above it. */
function tableOf(above: string): string[] {
  const heads = [...above.matchAll(/^\s*\[{1,2}([^\]\n]+)\]{1,2}\s*(?:#.*)?$/gm)]
  const last = heads.at(-1)?.[1]
  if (!last) return []
  return [...last.matchAll(/"([^"]*)"|'([^']*)'|([\w-]+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

/** Down into the schema; names that people choose lead into what holds for all of them. */
export function nodeAt(schema: Node, path: string[]): Node | undefined {
  let node: Node | undefined = schema
  for (const step of path) {
    const next: Node | undefined = node?.properties?.[step] ?? (typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined)
    node = next?.items?.properties ? next.items : next
  }
  return node
}

function keys(node: Node): Completion[] {
  return Object.entries(node.properties ?? {}).map(([key, property]) => {
    const { description, fallback, unit } = fieldOf(key, property)
    return { label: key, type: 'property', detail: unit ?? (fallback && `usually ${fallback}`), info: description, apply: `${key} = ` }
  })
}

function values(node: Node): Completion[] {
  const { kind, options } = fieldOf('', node)
  if (kind === 'flag') return ['true', 'false'].map((label) => ({ label, type: 'constant' }))
  return (options ?? []).map((option) => ({ label: `"${option.value}"`, type: 'enum', info: option.description }))
}

function tables(schema: Node): Completion[] {
  return Object.entries(schema.properties ?? {})
    .filter(([, node]) => node.properties || typeof node.additionalProperties === 'object' || node.items?.properties)
    .map(([name, node]) => ({ label: node.additionalProperties && typeof node.additionalProperties === 'object' ? `${name}.` : name, type: 'namespace', info: node.description }))
}
