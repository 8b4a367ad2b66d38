import { describe, expect, it } from 'vitest'
import { move, remove, replace, shareOf, targetsOf, tiersOf, type Target } from './tiers'

const target = (provider: string, priority?: number, weight?: number): Target => ({ provider, model: 'm', ...(priority === undefined ? {} : { priority }), ...(weight === undefined ? {} : { weight }) })
const A = target('a')
const B = target('b')
const C = target('c', 5)

/** Tiers as `0:a,b 5:c`. */
const drawn = (targets: Target[]) => tiersOf(targets).map(({ priority, targets }) => `${priority}:${targets.map(({ provider }) => provider).join(',')}`).join(' ')
const moved = (targets: Target[], from: [number, number], to: [number, number]) => drawn(targetsOf(move(tiersOf(targets), { tier: from[0], at: from[1] }, { tier: to[0], at: to[1] })))

describe('tiers', () => {
  it('are targets by priority; going there and back changes nothing', () => {
    expect(drawn([C, A, B])).toBe('0:a,b 5:c')
    expect(targetsOf(tiersOf([A, B, C]))).toEqual([A, B, C])
  })

  it.each([
    ['within a tier', [0, 0], [0, 1], '0:b,a 5:c'],
    ['into the next tier', [0, 1], [1, 0], '0:a 5:b,c'],
    ['to the end of a tier', [1, 0], [0, Infinity], '0:a,b,c'],
    ['behind the last', [0, 0], [2, 0], '0:b 5:c 6:a'],
    ['before the first', [0, 1], [-1, 0], '0:b 1:a 5:c'],
    ['from nowhere', [7, 0], [0, 0], '0:a,b 5:c'],
  ] as const)('%s', (_, from, to, expected) => {
    expect(moved([A, B, C], [...from], [...to])).toBe(expected)
  })

  it('priorities behind a new first tier move on only as far as they must', () => {
    expect(moved([A, B, target('c', 1), target('d', 9)], [0, 1], [-1, 0])).toBe('0:b 1:a 2:c 9:d')
  })

  it('a priority of 0 is not said', () => {
    const [, , taken] = targetsOf(move(tiersOf([A, B, C]), { tier: 1, at: 0 }, { tier: 0, at: 2 }))
    expect(taken).toEqual({ provider: 'c', model: 'm' })
  })

  it('lose targets, and vanish with the last', () => {
    expect(drawn(targetsOf(remove(tiersOf([A, C]), { tier: 0, at: 0 })))).toBe('5:c')
    expect(targetsOf(replace(tiersOf([A, C]), { tier: 0, at: 0 }, B))).toEqual([B, C])
  })

  it('tell shares', () => {
    const [tier] = tiersOf([target('a', 0, 3), B])
    expect(tier && [shareOf(tier, tier.targets[0]!), shareOf(tier, B)]).toEqual(['75%', '25%'])
  })
})
