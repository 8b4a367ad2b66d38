import { useQuery } from '@tanstack/react-query'
import { api, taken } from '@/api/client'
import type { Model } from '@/api/queries'
import { count } from '@/format/number'
import { sentence, stateTone } from '@/format/outcome'
import { State } from '@/ui/badge'
import { ButtonLink } from '@/ui/button'
import { Card } from '@/ui/card'
import { Answered } from '@/ui/states'
import { Plan } from '@/pages/requests/plan'

const REFRESH_MS = 10_000

/** How a model's targets are, and what would become of a request for it. */
export function ModelSide({ live }: { live: Model }) {
  const plan = useQuery({
    queryKey: ['models', live.name, 'explain'],
    queryFn: () => taken(api.POST('/api/v1/explain', { body: { model: live.name } })),
    refetchInterval: REFRESH_MS,
  })
  return (
    <div className="flex min-w-0 flex-col gap-4">
      <Card title="Now" note={`${count(live.requests_24h)} requests in the last 24 hours`} actions={<ButtonLink small kind="quiet" href={`/requests?model=${encodeURIComponent(live.name)}`}>Requests</ButtonLink>}>
        <ul className="flex flex-col gap-2 text-[13px]">
          {live.targets.map((target) => (
            <li key={`${target.provider}/${target.model}/${target.priority}`}>
              <span className="flex items-center justify-between gap-2">
                <span className="min-w-0 truncate">
                  <span className="font-medium">{target.provider}</span> <span className="text-muted">{target.model}</span>
                </span>
                <State tone={stateTone(target.state)}>{sentence(target.state)}</State>
              </span>
              {target.reason && <span className="block text-xs text-muted">{target.reason}</span>}
            </li>
          ))}
        </ul>
      </Card>
      <Card title="A request now" note="Who would be asked at this moment, in order. Nobody is asked to find out.">
        <Answered question={plan}>{(plan) => <Plan plan={plan} />}</Answered>
      </Card>
    </div>
  )
}
