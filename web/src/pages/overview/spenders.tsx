import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { usage, type UsageBy } from '@/api/queries'
import { usd } from '@/format/money'
import { short } from '@/format/number'
import { ButtonLink } from '@/ui/button'
import { Card } from '@/ui/card'
import { Answered, Empty } from '@/ui/states'
import { useHour } from '@/ui/time'
import { askFor, type RangeId } from '@/usage/range'

const SHOWN = 7
const WORDS: Record<UsageBy, string> = { model: 'models', provider: 'providers', client_key: 'client keys', upstream_model: 'upstream models' }

/** Who costs most; where nothing costs anything, who is asked most. */
export function Spenders({ range, by }: { range: RangeId; by: UsageBy }) {
  const hour = useHour()
  const { since, zone } = useMemo(() => askFor(range, hour), [range, hour])
  const question = useQuery(usage({ by, since, zone }))
  return (
    <Card title={`Most costly ${WORDS[by]}`} flush actions={<ButtonLink href="/usage" small kind="quiet">Usage & cost</ButtonLink>}>
      <Answered question={question}>
        {({ groups }) => {
          const weight = (group: (typeof groups)[number]) => Number(group.cost ?? 0)
          const sorted = [...groups].sort((a, b) => weight(b) - weight(a) || b.requests - a.requests).slice(0, SHOWN)
          const most = Math.max(...sorted.map(weight), 0)
          if (sorted.length === 0) return <Empty title="Nothing was asked for in this time" />
          return (
            <ul className="py-1">
              {sorted.map((group) => (
                <li key={group.name ?? ''} className="relative px-4 py-2 text-[13px]">
                  <span className="absolute inset-y-1 left-2 rounded bg-accent-soft" style={{ width: most ? `calc(${(weight(group) / most) * 100}% - 1rem)` : 0 }} aria-hidden />
                  <span className="relative flex items-center gap-3">
                    <span className="min-w-0 flex-1 truncate font-medium">{group.name ?? 'none'}</span>
                    <span className="nums text-xs text-muted">{short(group.requests)} requests</span>
                    <span className="nums w-20 text-right">{usd(group.cost)}</span>
                  </span>
                </li>
              ))}
            </ul>
          )
        }}
      </Answered>
    </Card>
  )
}
