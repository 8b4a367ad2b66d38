import type { ReactNode } from 'react'
import type { Tone } from '@/format/outcome'
import { cx } from './classes'

const SOFT: Record<Tone, string> = {
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  neutral: 'bg-hover text-muted',
  accent: 'bg-accent-soft text-accent',
}

const DOT: Record<Tone, string> = {
  good: 'bg-good',
  warn: 'bg-warn',
  bad: 'bg-bad',
  neutral: 'bg-faint',
  accent: 'bg-accent',
}

export function Badge({ tone = 'neutral', children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span title={title} className={cx('inline-flex items-center rounded px-1.5 text-2xs font-medium whitespace-nowrap h-5', SOFT[tone])}>
      {children}
    </span>
  )
}

/** A state: a dot for those who see colours, and always the word. */
export function State({ tone, children, title }: { tone: Tone; children: ReactNode; title?: string }) {
  return (
    <span title={title} className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <span className={cx('size-2 shrink-0 rounded-full', DOT[tone])} aria-hidden />
      {children}
    </span>
  )
}
