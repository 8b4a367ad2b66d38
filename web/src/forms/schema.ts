/** The JSON schema of the document, read as fields of forms: a setting that the schema gains is in the form at once. */

export interface Node {
  type?: string | string[]
  description?: string
  default?: unknown
  enum?: string[]
  const?: string
  oneOf?: Node[]
  items?: Node
  properties?: Record<string, Node>
  additionalProperties?: Node | boolean
  minimum?: number
  examples?: unknown[]
  format?: string
  writeOnly?: boolean
  required?: string[]
  'x-unit'?: string
  'x-default'?: string
}

export type Kind = 'text' | 'secret' | 'number' | 'flag' | 'choice' | 'choices' | 'list' | 'map' | 'group' | 'json'

export interface FieldSpec {
  key: string
  label: string
  kind: Kind
  description: string
  /** What holds when nothing is said, in words. */
  fallback: string
  unit?: string
  example?: string
  minimum?: number
  options?: { value: string; description?: string }[]
  /** Of a group. */
  fields?: FieldSpec[]
}

/** The fields of an object's properties, in the schema's order. */
export function fieldsOf(node: Node | undefined, without: string[] = []): FieldSpec[] {
  return Object.entries(node?.properties ?? {})
    .filter(([key]) => !without.includes(key))
    .map(([key, property]) => fieldOf(key, property))
}

export function fieldOf(key: string, node: Node): FieldSpec {
  const kind = kindOf(node)
  return {
    key,
    label: labelOf(key),
    kind,
    description: (node.description ?? '').replaceAll('\n', ' '),
    fallback: node['x-default'] ?? (node.default === undefined ? '' : plain(node.default)),
    unit: node['x-unit'],
    example: node.examples?.map(String)[0],
    minimum: node.minimum,
    options: optionsOf(kind === 'choices' ? node.items : node),
    fields: kind === 'group' ? fieldsOf(node) : undefined,
  }
}

function kindOf(node: Node): Kind {
  if (optionsOf(node)) return 'choice'
  const types = [node.type ?? []].flat()
  if (types.includes('boolean')) return 'flag'
  if (types.includes('array')) {
    if (optionsOf(node.items)) return 'choices'
    return node.items?.type === 'string' ? 'list' : 'json'
  }
  if (types.includes('object')) {
    if (node.properties && Object.keys(node.properties).length > 0) return 'group'
    const values = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined
    return values?.type === 'string' || optionsOf(values) ? 'map' : 'json'
  }
  if (types.includes('string')) return node.writeOnly ? 'secret' : 'text'
  if (types.includes('integer') || types.includes('number')) return 'number'
  return 'json'
}

function optionsOf(node: Node | undefined): FieldSpec['options'] {
  if (node?.enum) return node.enum.map((value) => ({ value }))
  if (node?.oneOf?.every((option) => option.const !== undefined)) return node.oneOf.map((option) => ({ value: option.const ?? '', description: option.description?.replaceAll('\n', ' ') }))
  return undefined
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value) || (typeof value === 'object' && value !== null)) return Object.keys(value).length === 0 ? 'none' : JSON.stringify(value)
  return value === true ? 'yes' : value === false ? 'no' : String(value)
}

const ACRONYMS: Record<string, string> = { url: 'URL', ttl: 'TTL', json: 'JSON', id: 'id' }

/** `base_url` as `Base URL` */
export function labelOf(key: string): string {
  const words = key.split('_').map((word) => ACRONYMS[word] ?? word)
  const text = words.join(' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** The schema of one provider, model or pattern. */
export function sectionNode(schema: Node | undefined, kind: 'providers' | 'models' | 'patterns' | 'client_keys'): Node | undefined {
  const node = schema?.properties?.[kind]
  if (!node) return undefined
  if (node.items) return node.items
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined
}
