import { useId, type ReactNode } from 'react'
import { cx } from './classes'

interface CardProps {
  title?: ReactNode
  note?: ReactNode
  actions?: ReactNode
  children: ReactNode
  /** Without room around the content: for tables and lists. */
  flush?: boolean
  className?: string
}

export function Card({ title, note, actions, children, flush, className }: CardProps) {
  const id = useId()
  return (
    <section aria-labelledby={title ? id : undefined} className={cx('min-w-0 rounded-lg border border-line bg-surface', className)}>
      {title && (
        <header className={cx('flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2', flush && 'border-b border-line')}>
          <div className="min-w-0 flex-1">
            <h2 id={id} className="text-[13px] font-semibold">
              {title}
            </h2>
            {note && <p className="text-xs text-muted">{note}</p>}
          </div>
          {actions}
        </header>
      )}
      <div className={cx(!flush && (title ? 'px-4 pb-4' : 'p-4'))}>{children}</div>
    </section>
  )
}

/** Names and values, side by side where there is room. */
export function Facts({ items }: { items: [ReactNode, ReactNode][] }) {
  return (
    <dl className="grid grid-cols-[minmax(7rem,auto)_1fr] gap-x-4 gap-y-1.5 text-[13px]">
      {items.map(([name, value], at) => (
        <div key={at} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
