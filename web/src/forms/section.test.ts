import { describe, expect, it } from 'vitest'
import { changesBetween, cleaned, placed, segmentsOf } from './section'

describe('a form and the document', () => {
  it('says nothing of what is empty', () => {
    expect(cleaned({ a: '', b: [], c: {}, d: { e: undefined }, f: 0, g: false, h: ['', 'x'] })).toEqual({ f: 0, g: false, h: ['x'] })
  })

  it('sends only what changed, whole, and null for what is gone', () => {
    const before = { type: 'vllm', base_url: 'http://a', headers: { a: '1' }, requests_max: 8 }
    expect(changesBetween(before, { ...before })).toEqual({})
    expect(changesBetween(before, { ...before, base_url: 'http://b', headers: { a: '1', b: '2' }, requests_max: undefined })).toEqual({ base_url: 'http://b', headers: { a: '1', b: '2' }, requests_max: null })
  })

  it('takes an emptied field back, and does not take back what was never said', () => {
    expect(changesBetween({ a: 'x' }, { a: '', b: '' })).toEqual({ a: null })
  })

  it('knows tables with other keys from each other, and lists from tables', () => {
    expect(changesBetween({ a: { x: 1 } }, { a: { y: 1 } })).toEqual({ a: { y: 1 } })
    expect(changesBetween({ a: ['x'] }, { a: { 0: 'x' } })).toEqual({ a: { 0: 'x' } })
    expect(changesBetween({ a: [{ x: 1 }, { y: 2 }] }, { a: [{ x: 1 }, { y: 2 }] })).toEqual({})
  })
})

describe('problems', () => {
  it.each([
    ['models.turbo.targets[1].provider', ['models', 'turbo', 'targets', '1', 'provider']],
    ['models."qwen3:4b".price.input', ['models', 'qwen3:4b', 'price', 'input']],
    ['providers."a.b".base_url', ['providers', 'a.b', 'base_url']],
    ['patterns[3].regex', ['patterns', '3', 'regex']],
  ])('%s is cut into its steps', (path, segments) => {
    expect(segmentsOf(path)).toEqual(segments)
  })

  it('stand at their fields, with the hint; warnings do not', () => {
    const problem = { line: 1, column: 1, hint: null }
    expect(
      placed([
        { ...problem, path: 'providers.x.base_url', message: 'wrong', hint: 'try this', severity: 'error' },
        { ...problem, path: 'providers.x', message: 'twice', severity: 'error' },
        { ...problem, path: 'providers.x.key', message: 'old', severity: 'warning' },
      ]),
    ).toEqual([
      { path: 'base_url', message: 'wrong: try this' },
      { path: '', message: 'twice' },
    ])
  })
})
