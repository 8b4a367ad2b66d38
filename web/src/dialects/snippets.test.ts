// @vitest-environment node
import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DIALECTS, dialectOf } from './all'
import { python, snippet } from './snippets'
import type { Chat } from './types'

const CHAT: Chat = { model: 'turbo', system: "It's \"quoted\" \\ and\nbroken", turns: [{ role: 'user', text: "Don't `$HOME` é 漢 😀", images: [] }], tools: [{ name: 'f', parameters: { type: 'object', properties: {}, additionalProperties: false } }], stream: true, temperature: 0.5 }
const ORIGIN = 'http://127.0.0.1:8700'

function program(language: 'curl' | 'python' | 'node', id: string, stream = true): string {
  const dialect = dialectOf(id)
  return snippet(language, dialect, dialect.prepare({ ...CHAT, stream }), ORIGIN)
}

describe('as curl', () => {
  it.each(DIALECTS.map(({ id }) => id))('%s: a shell hands on exactly the body', (id) => {
    const script = program('curl', id).replace(/^curl/, 'show')
    const run = spawnSync('sh', ['-c', `show() { while [ "$1" != -d ]; do shift; done; printf %s "$2"; }\n${script}`], { encoding: 'utf8' })
    expect(run.stderr).toBe('')
    expect(JSON.parse(run.stdout)).toEqual(dialectOf(id).prepare(CHAT).body)
  })
})

describe('as Python', () => {
  it.each(DIALECTS.flatMap(({ id }) => [true, false].map((stream) => [id, stream] as const)))('%s, stream %s: it can be parsed', (id, stream) => {
    const run = spawnSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], { input: program('python', id, stream), encoding: 'utf8' })
    expect(run.error ?? run.stderr).toBe('')
  })

  it('writes values that Python reads as they were', () => {
    const value = { a: [true, false, null, 1.5, 'é\n"\\😀'], b: {}, c: [] }
    const run = spawnSync('python3', ['-c', `import json; print(json.dumps(${python(value)}))`], { encoding: 'utf8' })
    expect(run.stderr).toBe('')
    expect(JSON.parse(run.stdout)).toEqual(value)
  })
})

describe('as Node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'snippets-'))
  it.each(DIALECTS.flatMap(({ id }) => [true, false].map((stream) => [id, stream] as const)))('%s, stream %s: it can be parsed', (id, stream) => {
    const path = join(folder, `${id}-${stream}.mjs`)
    writeFileSync(path, program('node', id, stream))
    expect(spawnSync(process.execPath, ['--check', path], { encoding: 'utf8' }).stderr).toBe('')
  })
})

it('no program holds a key', () => {
  for (const { id } of DIALECTS) for (const language of ['curl', 'python', 'node'] as const) expect(program(language, id)).toContain('TRUNKLINE_KEY')
})
