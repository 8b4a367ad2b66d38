import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Redirect } from 'wouter'
import { models, providers, status, type UsageBy } from '@/api/queries'
import { Page } from '@/ui/page'
import { Choice } from '@/ui/tabs'
import { RANGES, type RangeId } from '@/usage/range'
import { Attention } from './attention'
import { ProvidersHealth } from './health'
import { Recent } from './recent'
import { Spenders } from './spenders'
import { Traffic } from './traffic'

const SHOWN: RangeId[] = ['24h', '7d', '30d']

export function Overview() {
  const [range, setRange] = useState<RangeId>('24h')
  const [by, setBy] = useState<UsageBy>('model')
  const state = useQuery(status).data
  if (useNothingYet()) return <Redirect to="/welcome" replace />
  return (
    <Page title="Overview" actions={<Choice label="Time" current={range} onChange={setRange} options={SHOWN.map((id) => ({ id, label: RANGES[id].label }))} />}>
      {state && state.attention.length > 0 && <Attention items={state.attention} />}
      <Traffic range={range} by={by} onBy={setBy} />
      <div className="grid gap-4 xl:grid-cols-2">
        <ProvidersHealth />
        <Spenders range={range} by={by} />
      </div>
      <Recent />
    </Page>
  )
}

/** Whether this Trunkline was told nothing and found nothing: then there is nothing to look at, but something to do. */
function useNothingYet(): boolean {
  const state = useQuery(status).data
  const upstreams = useQuery(providers).data
  const names = useQuery(models).data
  if (!state || !upstreams || !names) return false
  // Models that nobody declared are those of the providers.
  return state.ledger.written === 0 && names.every((model) => model.source === 'discovered') && upstreams.every((provider) => provider.source === 'built_in')
}
