// @vitest-environment node
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { suggest } from '@/editor/complete'
import { fieldsOf, sectionNode, type FieldSpec, type Node } from './schema'

const SCHEMA = JSON.parse(readFileSync(new URL('../../../schema/trunkline.schema.json', import.meta.url), 'utf8')) as Node

describe('fields of the real schema', () => {
  it('every setting of providers, models and patterns has a field with a description', () => {
    for (const kind of ['providers', 'models', 'patterns'] as const) {
      const fields = fieldsOf(sectionNode(SCHEMA, kind))
      expect(fields.length, kind).toBeGreaterThan(5)
      for (const field of fields) expect(field.description, `${kind}.${field.key}`).not.toBe('')
    }
  })

  it('knows their kinds', () => {
    const kinds = (fields: FieldSpec[]) => Object.fromEntries(fields.map(({ key, kind }) => [key, kind]))
    expect(kinds(fieldsOf(sectionNode(SCHEMA, 'providers')))).toMatchObject({ type: 'choice', base_url: 'text', key: 'secret', keys: 'json', enabled: 'flag', dialects: 'choices', key_strategy: 'choice', requests_max: 'number', headers: 'map', errors: 'map', forward_headers: 'list', health: 'group' })
    expect(kinds(fieldsOf(sectionNode(SCHEMA, 'models')))).toMatchObject({ targets: 'json', fallbacks: 'list', strategy: 'choice', price: 'group', cache: 'group', capabilities: 'group' })
  })

  it('leaves out what stands elsewhere', () => {
    expect(fieldsOf(sectionNode(SCHEMA, 'providers'), ['type']).some(({ key }) => key === 'type')).toBe(false)
  })
})

describe('completion', () => {
  const labels = (above: string, before: string) => suggest(SCHEMA, above, before)?.options.map(({ label }) => label) ?? []

  it('offers the keys of the table', () => {
    expect(labels('[server]\n', 'li')).toContain('listen')
    expect(labels('[providers.groq]\n', '')).toContain('base_url')
    expect(labels('[models."a.b"]\n', 'str')).toContain('strategy')
    expect(labels('[[client_keys]]\n', 'na')).toContain('name')
    expect(labels('', 'default_')).toContain('default_context_window')
  })

  it('offers the values of the key', () => {
    expect(labels('[models.turbo]\n', 'strategy = "')).toContain('"backup"')
    expect(labels('[providers.a]\n', 'enabled = ')).toEqual(['true', 'false'])
    expect(labels('[providers.a]\n', 'dialects = ["openai_chat", "')).toContain('"anthropic"')
  })

  it('offers the names of tables, and keys inside of inline tables', () => {
    expect(labels('', '[')).toEqual(expect.arrayContaining(['server', 'providers.', 'models.']))
    expect(labels('[models.turbo]\n', 'price = { in')).toContain('input')
  })

  it('is not misled by heads in comments and lists', () => {
    expect(labels('[server]\n# [log]\ncors_origins = [\n', 'lis')).toContain('listen')
  })
})
