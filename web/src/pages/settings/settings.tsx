import { useSearchParams } from 'wouter'
import { Page } from '@/ui/page'
import { Tabs } from '@/ui/tabs'
import { SecretsTab } from './secrets'
import { SessionsTab } from './sessions'
import { ValuesTab } from './values'

const TABS = [
  { id: 'values', label: 'Values' },
  { id: 'secrets', label: 'Secrets' },
  { id: 'sessions', label: 'Sessions' },
] as const
type Tab = (typeof TABS)[number]['id']

export function SettingsPage() {
  const [params, setParams] = useSearchParams()
  const tab = TABS.find(({ id }) => id === params.get('tab'))?.id ?? 'values'
  return (
    <Page title="Settings" note="What everything is set to, and by whom: the config, the environment, an argument, or nobody.">
      <Tabs<Tab> label="Settings" tabs={[...TABS]} current={tab} onChange={(id) => setParams(id === 'values' ? {} : { tab: id }, { replace: true })} />
      <div role="tabpanel" aria-label={TABS.find(({ id }) => id === tab)?.label}>
        {tab === 'values' && <ValuesTab />}
        {tab === 'secrets' && <SecretsTab />}
        {tab === 'sessions' && <SessionsTab />}
      </div>
    </Page>
  )
}
