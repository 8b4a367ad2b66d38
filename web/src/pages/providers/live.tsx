import { useMutation, useQuery } from '@tanstack/react-query'
import { api, taken } from '@/api/client'
import { documentChanged, providerModels, type Provider } from '@/api/queries'
import { counted, short } from '@/format/number'
import { usd } from '@/format/money'
import { DIALECT_WORDS, sentence, stateTone } from '@/format/outcome'
import { State } from '@/ui/badge'
import { Button, ButtonLink } from '@/ui/button'
import { Card, Facts } from '@/ui/card'
import { Answered, Empty } from '@/ui/states'
import { Ago, Countdown } from '@/ui/time'
import { complain, say } from '@/ui/toast'

/** How a provider is right now. */
export function LiveCard({ live, blocked }: { live: Provider; blocked: string | null }) {
  const { health } = live
  const drain = useMutation({
    mutationFn: async (to: boolean) => {
      const params = { path: { name: live.name } }
      if (to) await taken(api.POST('/api/v1/providers/{name}/drain', { params }))
      else await taken(api.POST('/api/v1/providers/{name}/resume', { params }))
      say(to ? `${live.name} gets no new requests; those it has may finish.` : `${live.name} gets requests again.`)
    },
    onError: complain,
    onSettled: documentChanged,
  })
  return (
    <Card
      title="Now"
      actions={
        <Button small busy={drain.isPending} blocked={blocked} onClick={() => drain.mutate(!live.draining)}>
          {live.draining ? 'Resume' : 'Drain'}
        </Button>
      }
    >
      <Facts
        items={[
          [
            'State',
            <div key="state">
              <State tone={live.draining ? 'warn' : stateTone(health.state)}>{live.draining ? 'Draining' : sentence(health.state)}</State>
              {health.since && (
                <span className="ml-2 text-xs text-muted">
                  since <Ago at={health.since} />
                </span>
              )}
              {health.reason && <p className="text-xs text-muted">{health.reason}</p>}
            </div>,
          ],
          ['Last 24 hours', `${counted(live.requests_24h, 'request')}, ${counted(live.errors_24h, 'error')}, ${live.requests_24h ? usd(live.cost_24h) : '$0'}`],
          ['Speaks', live.dialects.map((dialect) => DIALECT_WORDS[dialect] ?? dialect).join(', ')],
        ]}
      />
      {live.keys.length > 0 && (
        <ul className="mt-3 border-t border-line pt-2 text-[13px]">
          {live.keys.map((key) => (
            <li key={key.label} className="flex flex-wrap items-center gap-x-2 py-1">
              <State tone={key.cooling_until ? 'warn' : 'good'}>{key.label}</State>
              <span className="flex-1 text-xs text-muted">
                {key.cooling_until && (
                  <>
                    rests for <Countdown to={key.cooling_until} />
                    {key.reason && `: ${key.reason}`}
                  </>
                )}
              </span>
              {key.requests != null && <span className="nums text-xs text-muted">{short(key.requests)} requests a minute</span>}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

/** What the provider itself lists; each can be called at once, or given a name of its own. */
export function ListedModels({ name, blocked }: { name: string; blocked: string | null }) {
  const question = useQuery(providerModels(name))
  return (
    <Card title="Models that it lists" flush note={<>Each can be called as <code className="font-mono">{name}/…</code> without being declared.</>}>
      <Answered question={question}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="It lists none">They can be called all the same, as {name}/MODEL.</Empty>
          ) : (
            <ul className="max-h-80 overflow-auto" tabIndex={0} aria-label={`Models of ${name}`}>
              {rows.map((row) => (
                <li key={row.name} className="flex items-center gap-2 border-b border-line px-4 py-1.5 text-[13px] last:border-0">
                  <span className="min-w-0 flex-1 truncate font-mono text-xs" title={row.name}>
                    {row.name}
                  </span>
                  {row.context_window && <span className="nums text-xs text-muted">{short(row.context_window)}</span>}
                  <ButtonLink small kind="quiet" href={`/playground?model=${encodeURIComponent(`${name}/${row.name}`)}`}>
                    Try
                  </ButtonLink>
                  <ButtonLink small kind="quiet" blocked={blocked} href={`/models/new?provider=${encodeURIComponent(name)}&model=${encodeURIComponent(row.name)}`}>
                    Name it
                  </ButtonLink>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </Card>
  )
}
