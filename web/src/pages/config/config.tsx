import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useSearchParams } from 'wouter'
import { api, taken } from '@/api/client'
import { config, status } from '@/api/queries'
import { Button } from '@/ui/button'
import { Page } from '@/ui/page'
import { Answered, Lines } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { complain } from '@/ui/toast'
import { DocumentEditor } from './document'
import { Import } from './import'
import { Revisions } from './revisions'

const TABS = [
  { id: 'document', label: 'Document' },
  { id: 'revisions', label: 'Revisions' },
  { id: 'import', label: 'Import' },
] as const
type Tab = (typeof TABS)[number]['id']

export function ConfigPage() {
  const [params, setParams] = useSearchParams()
  const tab = TABS.find(({ id }) => id === params.get('tab'))?.id ?? 'document'
  const question = useQuery(config)
  const where = useQuery(status).data?.config
  return (
    <Page
      title="Config"
      note={where && (where.source === 'none' ? 'There is no document yet: everything is as usual. Saving writes one.' : `One document says everything that an operator may say. ${where.path ?? 'It is kept in the store'}, revision ${where.revision}.`)}
      actions={
        <Button icon={Download} onClick={() => void download().catch(complain)}>
          Export
        </Button>
      }
    >
      <Tabs<Tab> label="Config" tabs={[...TABS]} current={tab} onChange={(id) => setParams(id === 'document' ? {} : { tab: id }, { replace: true })} />
      <div role="tabpanel" aria-label={TABS.find(({ id }) => id === tab)?.label}>
        {tab === 'document' && (
          <Answered question={question} waiting={<Lines count={14} />}>
            {({ body, revision }) => <DocumentEditor document={body.document} revision={revision} reload={() => void question.refetch()} />}
          </Answered>
        )}
        {tab === 'revisions' && <Revisions />}
        {tab === 'import' && <Import />}
      </div>
    </Page>
  )
}

async function download() {
  const bundle = await taken(api.GET('/api/v1/config/export'))
  const url = URL.createObjectURL(new Blob([JSON.stringify(bundle, null, 2)], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `trunkline-${new Date().toISOString().slice(0, 10)}.json`
  link.click()
  URL.revokeObjectURL(url)
}
