import { CircleAlert, RotateCw, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { sentenceOf } from '@/api/problem'
import type { Tone } from '@/format/outcome'
import { Button } from './button'
import { cx } from './classes'

/** What a place says that has nothing to show yet: what would be here, and how it gets here. */
export function Empty({ icon: Icon, title, children, action }: { icon?: LucideIcon; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-10 text-center">
      {Icon && (
        <span className="mb-1 rounded-full bg-hover p-2.5 text-muted">
          <Icon size={18} aria-hidden />
        </span>
      )}
      <p className="font-medium">{title}</p>
      {children && <div className="max-w-md text-[13px] text-muted">{children}</div>}
      {action && <div className="mt-2 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  )
}

export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  return (
    <div role="alert" className="flex flex-col items-center gap-2 px-6 py-10 text-center">
      <CircleAlert size={20} className="text-bad" aria-hidden />
      <p className="font-medium">This could not be loaded</p>
      <p className="max-w-md text-[13px] text-muted">{sentenceOf(error)}</p>
      {again && (
        <Button small icon={RotateCw} onClick={again}>
          Try again
        </Button>
      )}
    </div>
  )
}

/** Stands where lines will be, as high as they will be. */
export function Lines({ count = 4, tall }: { count?: number; tall?: boolean }) {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-2 p-4">
      {Array.from({ length: count }, (_, at) => (
        <span key={at} className={cx('skeleton block', tall ? 'h-7' : 'h-4', at % 3 === 2 ? 'w-2/3' : 'w-full')} />
      ))}
    </div>
  )
}

interface Asked<T> {
  data: T | undefined
  error: unknown
  refetch: () => unknown
}

/** A question's answer, or what to show in its place. */
export function Answered<T>({ question, children, waiting }: { question: Asked<T>; children: (data: T) => ReactNode; waiting?: ReactNode }) {
  if (question.data !== undefined) return children(question.data)
  if (question.error) return <Failed error={question.error} again={() => void question.refetch()} />
  return waiting ?? <Lines />
}

const NOTE: Record<Exclude<Tone, 'neutral'> | 'neutral', string> = {
  good: 'border-good/30 bg-good-soft text-good',
  warn: 'border-warn/30 bg-warn-soft text-warn',
  bad: 'border-bad/30 bg-bad-soft text-bad',
  accent: 'border-accent/30 bg-accent-soft text-accent',
  neutral: 'border-line bg-sunken text-muted',
}

export function Note({ tone = 'neutral', children, role }: { tone?: Tone; children: ReactNode; role?: 'alert' | 'status' }) {
  return (
    <div role={role} className={cx('rounded-md border px-3 py-2 text-[13px]', NOTE[tone])}>
      {children}
    </div>
  )
}
