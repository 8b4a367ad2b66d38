import type { Schemas } from '@/api/client'
import { usd } from '@/format/money'
import { count } from '@/format/number'
import { sentence } from '@/format/outcome'
import { span } from '@/format/time'
import { Note } from '@/ui/states'

type Explanation = Schemas['Explanation']

/** A plan as `POST /explain` gives it: who would be asked, who not, and why. */
export function Plan({ plan }: { plan: Explanation }) {
  const { estimate } = plan
  return (
    <div className="flex flex-col gap-3 text-[13px]">
      {plan.refused && <Note tone="bad">It would be refused: {plan.refused.message}</Note>}
      {plan.waits && <Note tone="warn">It would wait for {span(plan.waits.for_ms)} first: everybody rests.</Note>}
      {plan.regardless && <Note tone="warn">Everybody rests; they would be asked all the same.</Note>}
      {plan.attempts.length > 0 && (
        <ol className="flex flex-col gap-1.5">
          {plan.attempts.map((attempt, at) => (
            <li key={at} className="flex gap-2">
              <span className="nums text-muted">{at + 1}.</span>
              <span className="min-w-0 break-words">
                <span className="font-medium">{attempt.provider}</span> {attempt.upstream_model}
                <span className="text-muted">
                  {attempt.lane && `, ${attempt.lane}`}
                  {attempt.dialect && ` to ${attempt.dialect}`}
                  {attempt.key && `, key ${attempt.key}`}
                </span>
                {attempt.losses && attempt.losses.length > 0 && <span className="block text-xs text-warn">is not told: {attempt.losses.join(', ')}</span>}
                {attempt.refused && <span className="block text-xs text-bad">{attempt.refused.message}</span>}
              </span>
            </li>
          ))}
        </ol>
      )}
      {plan.attempts_beyond > 0 && <p className="text-muted">{count(plan.attempts_beyond)} more would come behind these, but are too many.</p>}
      {plan.left_out.length > 0 && (
        <ul className="flex flex-col gap-1 border-t border-line pt-2 text-muted">
          {plan.left_out.map((left, at) => (
            <li key={at} className="break-words">
              Not {left.provider} {left.upstream_model}: {left.detail || sentence(left.reason)}
            </li>
          ))}
        </ul>
      )}
      {estimate.prompt_tokens != null && (
        <p className="text-xs text-muted">
          About {count(estimate.prompt_tokens)} tokens in ({usd(estimate.prompt_usd)})
          {estimate.answer_tokens_max != null && `, at most ${count(estimate.answer_tokens_max)} out (${usd(estimate.answer_usd_max)})`}.
        </p>
      )}
    </div>
  )
}
