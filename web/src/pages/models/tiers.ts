import type { Section } from '@/forms/section'

export interface Target extends Section {
  provider: string
  model: string
  priority?: number
  weight?: number
}

/** Targets of one priority: they share the requests. The next tier is for when all of them failed. */
export interface Tier {
  priority: number
  targets: Target[]
}

export interface Place {
  tier: number
  at: number
}

/** Targets by priority, the lowest first; those of one priority as written. */
export function tiersOf(targets: Target[]): Tier[] {
  const tiers = new Map<number, Target[]>()
  for (const target of targets) {
    const priority = target.priority ?? 0
    tiers.set(priority, [...(tiers.get(priority) ?? []), target])
  }
  return [...tiers].sort(([a], [b]) => a - b).map(([priority, targets]) => ({ priority, targets }))
}

/** The tiers as the document has them: a list, in order. Priorities stay what they were, so that little is rewritten. */
export function targetsOf(tiers: Tier[]): Target[] {
  return tiers.flatMap(({ priority, targets }) => targets.map((target) => withPriority(target, priority)))
}

function withPriority(target: Target, priority: number): Target {
  if ((target.priority ?? 0) === priority) return target
  const { priority: _, ...rest } = target
  return priority === 0 ? (rest as Target) : ({ ...rest, priority } as Target)
}

/** Takes a target from one place to another. A tier one past the last, or -1, is a new one; empty ones vanish. */
export function move(tiers: Tier[], from: Place, to: Place): Tier[] {
  const target = tiers[from.tier]?.targets[from.at]
  if (!target) return tiers
  const taken = tiers.map((tier, at) => (at === from.tier ? { ...tier, targets: tier.targets.filter((_, other) => other !== from.at) } : tier))
  const put = to.tier < 0 ? atTop(taken, target) : to.tier >= taken.length ? atEnd(taken, target) : into(taken, target, to)
  return put.filter((tier) => tier.targets.length > 0)
}

function into(tiers: Tier[], target: Target, to: Place): Tier[] {
  return tiers.map((tier, at) => (at === to.tier ? { ...tier, targets: tier.targets.toSpliced(Math.min(to.at, tier.targets.length), 0, target) } : tier))
}

function atEnd(tiers: Tier[], target: Target): Tier[] {
  const last = tiers.findLast((tier) => tier.targets.length > 0)
  return [...tiers, { priority: last ? last.priority + 1 : 0, targets: [target] }]
}

/** Priorities have no place below 0: those behind move on where there is no room. */
function atTop(tiers: Tier[], target: Target): Tier[] {
  const filled = tiers.filter((tier) => tier.targets.length > 0)
  const first = filled[0]?.priority ?? 1
  if (first > 0) return [{ priority: first - 1, targets: [target] }, ...filled]
  let least = 1
  const moved = filled.map((tier) => {
    const priority = Math.max(tier.priority, least)
    least = priority + 1
    return { ...tier, priority }
  })
  return [{ priority: 0, targets: [target] }, ...moved]
}

export function replace(tiers: Tier[], { tier, at }: Place, target: Target): Tier[] {
  return tiers.map((row, index) => (index === tier ? { ...row, targets: row.targets.with(at, target) } : row))
}

export function remove(tiers: Tier[], { tier, at }: Place): Tier[] {
  return tiers.map((row, index) => (index === tier ? { ...row, targets: row.targets.toSpliced(at, 1) } : row)).filter((row) => row.targets.length > 0)
}

/** A target's share of its tier, in words. */
export function shareOf(tier: Tier, target: Target): string {
  const all = tier.targets.reduce((sum, other) => sum + (other.weight ?? 1), 0)
  return `${Math.round(((target.weight ?? 1) / all) * 100)}%`
}
