import { ChevronRight, CircleAlert, Info, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'wouter'
import type { Schemas } from '@/api/client'
import { counted } from '@/format/number'
import { Button } from '@/ui/button'
import { Card } from '@/ui/card'

/** What is shown of a long list before somebody asks for all of it. */
const SHOWN = 4

const ICONS = { error: CircleAlert, warning: TriangleAlert, info: Info }
const INK = { error: 'text-bad', warning: 'text-warn', info: 'text-muted' }
const WORD = { error: 'Error', warning: 'Warning', info: 'Note' }

export function Attention({ items }: { items: Schemas['Attention'][] }) {
  const [all, setAll] = useState(false)
  const shown = all ? items : items.slice(0, SHOWN)
  return (
    <Card title="Needs attention" flush>
      <ul>
        {shown.map((item) => (
          <li key={item.code + item.message} className="border-b border-line last:border-0">
            <Item item={item} />
          </li>
        ))}
      </ul>
      {items.length > SHOWN && (
        <div className="border-t border-line p-2 text-center">
          <Button small kind="quiet" onClick={() => setAll(!all)}>
            {all ? 'Show fewer' : `Show ${counted(items.length - SHOWN, 'more thing')}`}
          </Button>
        </div>
      )}
    </Card>
  )
}

function Item({ item }: { item: Schemas['Attention'] }) {
  const Icon = ICONS[item.severity]
  const inside = (
    <>
      <Icon size={15} className={`mt-0.5 shrink-0 ${INK[item.severity]}`} aria-label={WORD[item.severity]} />
      <span className="min-w-0 flex-1 break-words first-letter:uppercase">{item.message}</span>
    </>
  )
  const row = 'flex items-start gap-2.5 px-4 py-2 text-[13px]'
  if (!item.link) return <p className={row}>{inside}</p>
  return (
    <Link href={item.link} className={`${row} hover:bg-hover`}>
      {inside}
      <ChevronRight size={15} className="mt-0.5 shrink-0 text-faint" aria-hidden />
    </Link>
  )
}
