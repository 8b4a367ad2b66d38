import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { providers, type Provider } from '@/api/queries'
import { sentence, stateTone } from '@/format/outcome'
import { short } from '@/format/number'
import { State } from '@/ui/badge'
import { ButtonLink } from '@/ui/button'
import { Card } from '@/ui/card'
import { Answered, Empty } from '@/ui/states'
import { Countdown } from '@/ui/time'

const RANK: Record<string, number> = { down: 0, cooling: 1, draining: 2, unknown: 4 }

/** Providers, those in trouble first. */
export function ProvidersHealth() {
  const question = useQuery(providers)
  return (
    <Card title="Providers" flush actions={<ButtonLink href="/providers" small kind="quiet">All providers</ButtonLink>}>
      <Answered question={question}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="No providers yet" />
          ) : (
            <ul>
              {[...all].sort((a, b) => rank(a) - rank(b) || b.requests_24h - a.requests_24h).map((provider) => (
                <Line key={provider.name} provider={provider} />
              ))}
            </ul>
          )
        }
      </Answered>
    </Card>
  )
}

const rank = (provider: Provider) => RANK[provider.health.state] ?? 3

function Line({ provider }: { provider: Provider }) {
  const { health } = provider
  const resting = provider.keys.filter((key) => key.cooling_until)
  return (
    <li className="border-b border-line last:border-0">
      <Link href={`/providers/${encodeURIComponent(provider.name)}`} className="flex items-center gap-3 px-4 py-2 text-[13px] hover:bg-hover">
        <div className="min-w-0 flex-1">
          <span className="font-medium">{provider.name}</span>
          <p className="truncate text-xs text-muted">
            {resting.length > 0
              ? resting.map((key) => (
                  <span key={key.label} className="mr-3">
                    {key.label} rests for {key.cooling_until && <Countdown to={key.cooling_until} />}: {key.reason}
                  </span>
                ))
              : (health.reason ?? provider.base_url ?? provider.type)}
          </p>
        </div>
        <span className="nums hidden w-20 text-right text-xs text-muted sm:block">{provider.requests_24h ? `${short(provider.requests_24h)} a day` : ''}</span>
        <span className="nums hidden w-14 text-right text-xs text-muted sm:block">{health.latency_ms != null && `${Math.round(health.latency_ms)} ms`}</span>
        <span className="w-20">
          <State tone={stateTone(health.state)}>{sentence(health.state)}</State>
        </span>
      </Link>
    </li>
  )
}
