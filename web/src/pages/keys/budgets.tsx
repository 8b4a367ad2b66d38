import type { ClientKey } from '@/api/queries'
import { dollars, usd } from '@/format/money'
import { cx } from '@/ui/classes'
import { spentOf } from './state'

const PERIODS: Record<string, string> = { hour: 'an hour', day: 'a day', week: 'a week', month: 'a month', total: 'in total' }
/** From here on a budget is nearly spent. */
const NEAR = 0.8

/** What was spent of each budget, as a bar and in words. */
export function Budgets({ row }: { row: ClientKey }) {
  if (!row.budgets?.length) return <span className="text-muted">none</span>
  return (
    <ul className="flex min-w-36 flex-col gap-1.5">
      {row.budgets.map((budget) => {
        const spent = spentOf(row, budget.period)
        const share = Math.min(1, spent / Number(budget.usd))
        return (
          <li key={`${budget.period}${budget.hard}`}>
            <p className="nums text-xs">
              {dollars(spent)} <span className="text-muted">of {usd(budget.usd)} {PERIODS[budget.period]}{budget.hard === false && ', warns only'}</span>
            </p>
            <div className="mt-0.5 h-1 rounded bg-hover" aria-hidden>
              <div className={cx('h-1 rounded', share >= 1 ? 'bg-bad' : share >= NEAR ? 'bg-warn' : 'bg-accent')} style={{ width: `${share * 100}%` }} />
            </div>
          </li>
        )
      })}
    </ul>
  )
}
