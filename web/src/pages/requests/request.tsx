import { useQuery } from '@tanstack/react-query'
import { useParams } from 'wouter'
import type { Schemas } from '@/api/client'
import { request } from '@/api/queries'
import { usd } from '@/format/money'
import { bytes, count } from '@/format/number'
import { DIALECT_WORDS, outcomeTone, outcomeWords } from '@/format/outcome'
import { fullTime, latency } from '@/format/time'
import { Badge } from '@/ui/badge'
import { ButtonLink } from '@/ui/button'
import { Card, Facts } from '@/ui/card'
import { CopyButton } from '@/ui/copy'
import { Page } from '@/ui/page'
import { Answered, Note } from '@/ui/states'
import { tokensOf } from '@/usage/pivot'
import { Bodies } from './bodies'
import { Explain } from './explain'
import { Timeline } from './timeline'

type Detail = Schemas['RequestDetail']

export function RequestPage() {
  const { id = '' } = useParams()
  const question = useQuery(request(id))
  const row = question.data
  return (
    <Page
      title={row?.model ?? 'Request'}
      up={{ href: '/requests', label: 'Requests' }}
      note={row && `${fullTime(row.at)}${row.client_key ? `, by ${row.client_key}` : ''}`}
      actions={row?.model && <ButtonLink href={`/playground?model=${encodeURIComponent(row.model)}`}>Try this model</ButtonLink>}
    >
      <Answered question={question}>
        {(row) => (
          <>
            <Headline row={row} />
            {row.error && (
              <Note tone="bad">
                <span className="font-medium">What the client was told: </span>
                {row.error}
              </Note>
            )}
            <Card title="Attempts" note={row.attempts.length === 0 ? undefined : 'Who was asked, in order, on one clock from the request’s arrival.'}>
              <Timeline row={row} />
            </Card>
            <div className="grid items-start gap-4 lg:grid-cols-2">
              <Card title="Details">
                <Facts items={facts(row)} />
              </Card>
              <div className="flex min-w-0 flex-col gap-4">
                <Altered row={row} />
                <Explain row={row} />
              </div>
            </div>
            <Bodies row={row} />
          </>
        )}
      </Answered>
    </Page>
  )
}

function Headline({ row }: { row: Detail }) {
  const figures: [string, string, string?][] = [
    ['Took', latency(row.total_us)],
    ['First byte', latency(row.first_byte_us)],
    ['Tokens', count(tokensOf(row)), row.quality && row.quality !== 'exact' ? row.quality : undefined],
    ['Cost', usd(row.cost), row.saved && Number(row.saved) > 0 ? `${usd(row.saved)} saved` : undefined],
  ]
  return (
    <div className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-5">
      <div className="flex flex-col gap-1 bg-surface px-4 py-3 max-sm:col-span-2">
        <span className="text-xs text-muted">Outcome</span>
        <span className="flex flex-wrap gap-1.5">
          <Badge tone={outcomeTone(row.outcome)}>{outcomeWords(row.outcome)}</Badge>
          <Badge>{row.status}</Badge>
          {row.cached && <Badge tone="accent">From the cache</Badge>}
        </span>
      </div>
      {figures.map(([label, figure, note]) => (
        <div key={label} className="bg-surface px-4 py-3">
          <p className="text-xs text-muted">{label}</p>
          <p className="nums text-lg font-semibold tracking-tight">{figure}</p>
          {note && <p className="text-2xs text-muted">{note}</p>}
        </div>
      ))}
    </div>
  )
}

function facts(row: Detail): [React.ReactNode, React.ReactNode][] {
  const cached = row.cache_read_tokens || row.cache_write_tokens
  return [
    [
      'Request id',
      <span key="id" className="flex items-center gap-1">
        <code className="font-mono text-xs break-all">{row.id}</code>
        <CopyButton text={row.id} label="Copy the request id" />
      </span>,
    ],
    ['Operation', `${row.operation}${row.stream ? ', streamed' : ', whole'}`],
    ['Client’s dialect', row.dialect ? (DIALECT_WORDS[row.dialect] ?? row.dialect) : '–'],
    ['Lane', row.lane ?? '–'],
    ['Served by', row.provider ? `${row.provider}, as ${row.upstream_model}` : 'nobody'],
    ['Tokens in', `${count(row.input_tokens)}${cached ? `, and ${count(row.cache_read_tokens)} from a cache, ${count(row.cache_write_tokens)} into one` : ''}`],
    ['Tokens out', `${count(row.output_tokens)}${row.reasoning_tokens ? `, ${count(row.reasoning_tokens)} of them reasoning` : ''}`],
    ['Waited for room', row.timings.queued_us == null ? 'not at all' : latency(row.timings.queued_us)],
    ...(row.continued > 0 ? [['Broke off', `${count(row.continued)} times, and was gone on with`] as [string, string]] : []),
    ['Bytes', `${bytes(row.bytes_in)} in, ${bytes(row.bytes_out)} out`],
  ]
}

/** What was lost in translation, and what was put right. */
function Altered({ row }: { row: Detail }) {
  return (
    <Card title="Losses and repairs">
      <Named words="What the provider could not be told" items={row.losses} none="Nothing was lost: the provider was told the whole request." />
      <div className="h-3" />
      <Named words="What of the answer was put right" items={row.repairs} none="Nothing had to be repaired." />
    </Card>
  )
}

function Named({ words, items, none }: { words: string; items: string[]; none: string }) {
  if (items.length === 0) return <p className="text-[13px] text-muted">{none}</p>
  return (
    <div className="text-[13px]">
      <p className="mb-1.5 text-muted">{words}</p>
      <ul className="flex flex-wrap gap-1.5">
        {items.map((item) => (
          <li key={item}>
            <code className="rounded bg-hover px-1.5 py-0.5 font-mono text-xs">{item}</code>
          </li>
        ))}
      </ul>
    </div>
  )
}
