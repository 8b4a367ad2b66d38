import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { discovery, providers, providerTypes } from '@/api/queries'
import type { Schemas } from '@/api/client'
import { useDocumentReadOnly } from '@/api/writable'
import { ButtonLink } from '@/ui/button'
import { Card } from '@/ui/card'
import { Page } from '@/ui/page'
import { Answered, Note } from '@/ui/states'
import { TypePicker } from '@/pages/providers/type-picker'
import { Connect } from './connect'
import { FirstAnswer } from './first-answer'
import { Step } from './step'

export interface Connected {
  provider: string
  models: string[]
}

/** From nothing to a first answer: what it is, its key or address, a test, and a question. */
export function Welcome() {
  const readOnly = useDocumentReadOnly()
  const types = useQuery(providerTypes)
  const [type, setType] = useState<Schemas['ProviderType'] | null>(null)
  const [connected, setConnected] = useState<Connected | null>(null)
  return (
    <Page
      title="Welcome to Trunkline"
      note="One endpoint in front of every model that you can reach. Three steps to the first answer."
      actions={<ButtonLink href="/config?tab=import">Import from another gateway</ButtonLink>}
    >
      {readOnly && <Note>{readOnly}</Note>}
      <Found />
      <div className="flex max-w-4xl flex-col gap-4">
        <Step number={1} title="Who has the models?" done={type?.label}>
          <Answered question={types}>
            {(types) => (
              <TypePicker
                types={types.filter((type) => type.type !== 'dummy')}
                current={type?.type}
                onPick={(type) => {
                  setType(type)
                  setConnected(null)
                }}
              />
            )}
          </Answered>
        </Step>
        <Step number={2} title={type ? (type.needs_key ? `Paste your ${type.label} key` : `Where is ${type.label}?`) : 'Its key or address'} waiting={!type} done={connected ? 'Connected' : undefined}>
          {type && <Connect key={type.type} type={type} blocked={readOnly} onConnected={setConnected} />}
        </Step>
        <Step number={3} title="Ask something" waiting={!connected}>
          {connected && <FirstAnswer connected={connected} />}
        </Step>
      </div>
    </Page>
  )
}

/** What is there without anybody having said so. */
function Found() {
  const upstreams = useQuery(providers).data?.filter((provider) => provider.source !== 'built_in') ?? []
  const endpoints = useQuery(discovery).data?.endpoints ?? []
  if (upstreams.length === 0) return endpoints.length === 0 ? <p className="text-xs text-muted">Nothing was found on this machine yet. A model server that starts here, such as Ollama, shows by itself.</p> : null
  return (
    <Card>
      <div className="flex flex-wrap items-center justify-between gap-3 text-[13px]">
        <span>
          Already there: <span className="font-medium">{upstreams.map(({ name }) => name).join(', ')}</span>. You can ask for their models right away.
        </span>
        <span className="flex gap-2">
          <ButtonLink href="/playground" kind="primary">
            Open the playground
          </ButtonLink>
          <ButtonLink href="/">Overview</ButtonLink>
        </span>
      </div>
    </Card>
  )
}
