import { Check } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from '@/ui/classes'

interface StepProps {
  number: number
  title: string
  /** Its turn has not come. */
  waiting?: boolean
  /** What came of it, once it is done. */
  done?: string
  children: ReactNode
}

export function Step({ number, title, waiting, done, children }: StepProps) {
  return (
    <section aria-label={`Step ${number}: ${title}`} className={cx('rounded-lg border border-line bg-surface p-4', waiting && 'border-dashed bg-transparent')}>
      <h2 className={cx('flex items-center gap-2.5 font-semibold', waiting ? 'text-muted' : 'mb-4')}>
        <span className={cx('nums grid size-6 shrink-0 place-items-center rounded-full text-xs', done ? 'bg-good-soft text-good' : waiting ? 'bg-hover' : 'bg-accent-solid text-white')}>{done ? <Check size={13} aria-hidden /> : number}</span>
        <span className="flex-1">{title}</span>
        {done && <span className="text-[13px] font-normal text-good">{done}</span>}
      </h2>
      {children}
    </section>
  )
}
