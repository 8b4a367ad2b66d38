import { ChevronRight } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from './classes'

interface DisclosureProps {
  title: ReactNode
  /** What is inside, in a word. */
  note?: ReactNode
  /** Stands open, whatever was clicked: something inside needs a look. */
  forced?: boolean
  className?: string
  children: ReactNode
}

/** What most people do not need, behind its title. */
export function Disclosure({ title, note, forced, className, children }: DisclosureProps) {
  return (
    <details className={cx('group/disclosure min-w-0', className)} open={forced || undefined}>
      <summary className="flex list-none items-center gap-2 px-3 py-2.5 text-[13px] [&::-webkit-details-marker]:hidden">
        <ChevronRight size={14} className="shrink-0 text-muted transition-transform group-open/disclosure:rotate-90" aria-hidden />
        <span className="font-medium">{title}</span>
        {note && <span className="text-xs text-muted">{note}</span>}
      </summary>
      {children}
    </details>
  )
}
