import type { Schemas } from '@/api/client'
import { outcomeTone, outcomeWords, type Tone } from '@/format/outcome'
import { latency } from '@/format/time'
import { Badge } from '@/ui/badge'
import { cx } from '@/ui/classes'

type Detail = Schemas['RequestDetail']

const BAR: Record<Tone, string> = { good: 'bg-good', warn: 'bg-warn', bad: 'bg-bad', neutral: 'bg-faint', accent: 'bg-accent' }
/** A bar that is too short to see is not there. */
const WIDTH_MIN = 0.6

/** Attempts as bars on one clock: the pale part is the wait for the first byte. */
export function Timeline({ row }: { row: Detail }) {
  if (row.attempts.length === 0) {
    return <p className="text-[13px] text-muted">{row.cached ? 'Nobody was asked: the answer was kept from before.' : 'Nobody was asked.'}</p>
  }
  const end = Math.max(row.total_us, ...row.attempts.map((attempt) => attempt.started_us + attempt.total_us), 1)
  const share = (us: number) => (us / end) * 100
  return (
    <div>
      <ol className="flex flex-col gap-3">
        {row.attempts.map((attempt, at) => {
          const tone = outcomeTone(attempt.outcome)
          const width = Math.max(WIDTH_MIN, share(attempt.total_us))
          const wait = attempt.first_byte_us == null ? 100 : (attempt.first_byte_us / Math.max(1, attempt.total_us)) * 100
          return (
            <li key={at} className="grid gap-x-4 gap-y-1 md:grid-cols-[20rem_1fr]">
              <div className="min-w-0 text-[13px]">
                <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
                  <span className="nums text-muted">{at + 1}.</span>
                  <span className="font-medium">{attempt.key ?? attempt.provider}</span>
                  <Badge tone={tone}>{outcomeWords(attempt.outcome)}</Badge>
                  {attempt.status != null && attempt.outcome !== 'served' && <span className="nums text-xs text-muted">{attempt.status}</span>}
                </p>
                <p className="pl-5 text-xs break-words text-muted">
                  {attempt.upstream_model}
                  {attempt.lane && `, ${attempt.lane}${attempt.dialect ? ` to ${attempt.dialect}` : ''}`}
                </p>
              </div>
              <div className="min-w-0 self-center">
                <div className="relative h-5 rounded bg-sunken">
                  <div className="absolute inset-y-0.5 flex overflow-hidden rounded" style={{ left: `${Math.min(share(attempt.started_us), 100 - WIDTH_MIN)}%`, width: `${width}%` }}>
                    <span className={cx('h-full opacity-40', BAR[tone])} style={{ width: `${wait}%` }} />
                    <span className={cx('h-full flex-1', BAR[tone])} />
                  </div>
                </div>
                <p className="nums mt-0.5 text-xs text-muted">
                  from {latency(attempt.started_us)}, {attempt.first_byte_us != null && `first byte after ${latency(attempt.first_byte_us)}, `}
                  {latency(attempt.total_us)} in all
                </p>
                {attempt.detail && <p className="text-xs break-words text-muted">“{attempt.detail}”</p>}
              </div>
            </li>
          )
        })}
      </ol>
    </div>
  )
}
