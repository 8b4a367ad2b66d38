import type { ClientKey } from '@/api/queries'
import { count, short } from '@/format/number'
import type { Tone } from '@/format/outcome'

export function stateOf(row: ClientKey, now: number): { tone: Tone; word: string } {
  if (row.revoked) return { tone: 'neutral', word: 'Revoked' }
  if (row.expires && Date.parse(row.expires) < now) return { tone: 'neutral', word: 'Expired' }
  if (row.enabled === false) return { tone: 'neutral', word: 'Disabled' }
  if (row.budgets?.some((budget) => budget.hard !== false && spentOf(row, budget.period) >= Number(budget.usd))) return { tone: 'bad', word: 'Budget spent' }
  return { tone: 'good', word: 'Good' }
}

export function spentOf(row: ClientKey, period: string): number {
  return Number(row.spent.find((spent) => spent.period === period)?.usd ?? 0)
}

export function limitsOf(row: ClientKey): string[] {
  const limits = []
  if (row.requests_per_minute) limits.push(`${count(row.requests_per_minute)} requests a minute`)
  if (row.tokens_per_minute) limits.push(`${short(row.tokens_per_minute)} tokens a minute`)
  if (row.parallel_requests) limits.push(`${count(row.parallel_requests)} at once`)
  if (row.expires) limits.push(`until ${row.expires.slice(0, 10)}`)
  return limits
}
