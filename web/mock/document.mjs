// The mock's document: written from what the world holds, and checked as far as a mock has to.
import { readFileSync } from 'node:fs'

export const SCHEMA = JSON.parse(readFileSync(new URL('../../schema/trunkline.schema.json', import.meta.url), 'utf8'))

const value = (v) => {
  if (Array.isArray(v)) return v.some((item) => typeof item === 'object') ? `[\n${v.map((item) => `  ${value(item)},\n`).join('')}]` : `[${v.map(value).join(', ')}]`
  if (v && typeof v === 'object') return `{ ${Object.entries(v).map(([k, item]) => `${name(k)} = ${value(item)}`).join(', ')} }`
  return JSON.stringify(v)
}
const name = (k) => (/^[\w-]+$/.test(k) ? k : JSON.stringify(k))
const fields = (section) => Object.entries(section).filter(([, v]) => v !== null && v !== undefined && !(Array.isArray(v) && v.length === 0)).map(([k, v]) => `${name(k)} = ${value(v)}\n`).join('')

export function write(world) {
  const parts = ['# The gateway of the office. Ask Ada before you touch the limits.\n\n[server]\nlisten = "127.0.0.1:8700"\n# Both of our chat front ends.\ncors_origins = ["https://chat.example.com"]\n']
  for (const { section, live } of world.providers) {
    if (live.source !== 'document') continue
    parts.push(`\n[providers.${name(live.name)}]\n${fields(section)}`)
  }
  for (const { section, live } of world.models) if (live.source === 'document') parts.push(`\n[models.${name(live.name)}]\n${fields(section)}`)
  for (const { source, ...pattern } of world.patterns) if (source === 'document') parts.push(`\n[[patterns]]\n${fields(pattern)}`)
  for (const key of world.clientKeys) if (key.origin === 'document') parts.push(`\n[[client_keys]]\nname = "${key.name}"\nkey = "\${CLIENT_API_KEY}"\nowner = "${key.owner}"\n`)
  return parts.join('')
}

/** Unknown keys of plain tables, and lines that are no TOML at all. */
export function problems(document) {
  const found = []
  // `null`: the root; `undefined`: a list of tables, whose keys are not looked at.
  let table = null
  document.split('\n').forEach((line, at) => {
    const head = line.match(/^\s*\[([^[\]]+)\]\s*$/)
    if (head) {
      table = head[1].split('.')
      if (!SCHEMA.properties[table[0]]) found.push(problem(table[0], at, 2, `unknown key "${table[0]}"`, nearest(table[0], Object.keys(SCHEMA.properties))))
      return
    }
    if (/^\s*\[\[/.test(line)) {
      table = undefined
      return
    }
    const pair = line.match(/^([\w-]+)\s*=\s*(.*)$/)
    if (!pair) return
    const known = keysOf(table)
    if (known && !known.includes(pair[1])) found.push(problem([...(table ?? []), pair[1]].join('.'), at, 1, `unknown key "${pair[1]}"`, nearest(pair[1], known)))
    if (!pair[2]) found.push(problem(pair[1], at, line.length + 1, 'a value is missing behind "="', null))
    if ((pair[2].match(/"/g)?.length ?? 0) % 2) found.push(problem(pair[1], at, line.indexOf('"') + 1, 'this text has no end', 'put a quotation mark at its end'))
  })
  return found
}

function keysOf(table) {
  if (table === undefined) return null
  if (table === null) return Object.keys(SCHEMA.properties)
  let node = SCHEMA
  for (const step of table) node = node?.properties?.[step] ?? (typeof node?.additionalProperties === 'object' ? node.additionalProperties : null)
  return node?.properties ? Object.keys(node.properties) : null
}

const problem = (path, line, column, message, hint) => ({ path, line: line + 1, column, message, hint, severity: 'error' })

function nearest(word, known) {
  const common = (other) => [...other].filter((letter, at) => word[at] === letter).length
  const [best] = [...known].sort((a, b) => common(b) - common(a))
  return best && common(best) > 1 ? `did you mean "${best}"?` : null
}

/** A unified diff of whole lines, with three around each change. */
export function diff(before, after) {
  const [a, b] = [before.split('\n'), after.split('\n')]
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  if (head === a.length && head === b.length) return ''
  const from = Math.max(0, head - 3)
  const lines = [
    ...a.slice(from, head).map((line) => ` ${line}`), ...a.slice(head, a.length - tail).map((line) => `-${line}`),
    ...b.slice(head, b.length - tail).map((line) => `+${line}`), ...a.slice(a.length - tail, a.length - tail + 3).map((line) => ` ${line}`),
  ]
  return `--- trunkline.toml\n+++ trunkline.toml\n@@ -${from + 1},${a.length - tail - from} +${from + 1},${b.length - tail - from} @@\n${lines.join('\n')}\n`
}
