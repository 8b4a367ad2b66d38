import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Pause, Radio, Search } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { useSearchParams } from 'wouter'
import { clientKeys, models, providers, requestPage, type RequestFilter } from '@/api/queries'
import { Button } from '@/ui/button'
import { Card } from '@/ui/card'
import { Input, Select } from '@/ui/field'
import { Page } from '@/ui/page'
import { Answered, Lines, Note } from '@/ui/states'
import { useTail } from './live'
import { RequestTable } from './table'

/** How long one rests from typing before the ledger is asked. */
const REST_MS = 300

const FILTERS = ['q', 'outcome', 'model', 'provider', 'client_key'] as const
const SPANS: Record<string, { label: string; ms: number }> = {
  '1h': { label: 'Last hour', ms: 3_600_000 },
  '24h': { label: 'Last 24 hours', ms: 86_400_000 },
  '7d': { label: 'Last 7 days', ms: 7 * 86_400_000 },
}

/** The filter stands in the address, so that it can be sent to somebody. */
function useFilter() {
  const [params, setParams] = useSearchParams()
  const span = params.get('span') ?? ''
  const text = params.toString()
  const filter = useMemo(() => {
    const read = new URLSearchParams(text)
    const filter: RequestFilter = {}
    for (const name of FILTERS) filter[name] = read.get(name) ?? undefined
    const ms = SPANS[read.get('span') ?? '']?.ms
    // To the minute: the question would be another one at each look otherwise.
    if (ms) filter.since = new Date(Math.floor((Date.now() - ms) / 60_000) * 60_000).toISOString()
    return filter
  }, [text])
  const set = (name: string, value: string) =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before)
        if (value) after.set(name, value)
        else after.delete(name)
        return after
      },
      { replace: true },
    )
  return { filter, span, set, any: text !== '' }
}

export function Requests() {
  const [live, setLive] = useState(true)
  const { filter, span, set, any } = useFilter()
  return (
    <Page
      title="Requests"
      note="Every request leaves one record, whichever way it ended."
      actions={
        <Button icon={live ? Pause : Radio} aria-pressed={live} onClick={() => setLive(!live)}>
          {live ? 'Pause the live tail' : 'Follow live'}
        </Button>
      }
    >
      <Card flush>
        <Filters filter={filter} span={span} set={set} />
        <Found key={JSON.stringify(filter)} filter={filter} live={live} any={any} />
      </Card>
    </Page>
  )
}

interface FiltersProps {
  filter: RequestFilter
  span: string
  set: (name: string, value: string) => void
}

function Filters({ filter, span, set }: FiltersProps) {
  const names = {
    model: useQuery(models).data?.map(({ name }) => name) ?? [],
    provider: useQuery(providers).data?.map(({ name }) => name) ?? [],
    client_key: useQuery(clientKeys).data?.map(({ name }) => name) ?? [],
  }
  return (
    <search className="grid grid-cols-2 gap-2 border-b border-line p-2 md:grid-cols-[1fr_repeat(5,auto)]">
      <div className="relative max-md:col-span-2">
        <Search size={14} className="pointer-events-none absolute top-2 left-2.5 text-faint" aria-hidden />
        <Words value={filter.q ?? ''} onChange={(value) => set('q', value)} />
      </div>
      <Select aria-label="Outcome" value={filter.outcome ?? ''} onChange={(event) => set('outcome', event.target.value)}>
        <option value="">Any outcome</option>
        <option value="served">Served</option>
        <option value="failed">Failed</option>
        <option value="client_left">Client left</option>
        <option value="rate_limited">Rate limited</option>
        <option value="timeout">Timeout</option>
      </Select>
      <Names label="Model" any="Any model" value={filter.model} names={names.model} onChange={(value) => set('model', value)} />
      <Names label="Provider" any="Any provider" value={filter.provider} names={names.provider} onChange={(value) => set('provider', value)} />
      <Names label="Client key" any="Any client key" value={filter.client_key} names={names.client_key} onChange={(value) => set('client_key', value)} />
      <Select aria-label="Time" value={span} onChange={(event) => set('span', event.target.value)}>
        <option value="">Any time</option>
        {Object.entries(SPANS).map(([id, { label }]) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </Select>
    </search>
  )
}

/** Asks when one rests from typing, not at every letter. */
function Words({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value)
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => onChange(text), REST_MS)
    return () => clearTimeout(timer)
  }, [text, value, onChange])
  return <Input type="search" aria-label="Search requests" placeholder="Id, model, provider, key…" value={text} onChange={(event) => setText(event.target.value)} className="pl-8" />
}

function Names({ label, any, value, names, onChange }: { label: string; any: string; value: string | undefined; names: string[]; onChange: (value: string) => void }) {
  // A name that is gone can still be looked for: its requests are kept.
  const shown = value && !names.includes(value) ? [value, ...names] : names
  return (
    <Select aria-label={label} value={value ?? ''} onChange={(event) => onChange(event.target.value)}>
      <option value="">{any}</option>
      {shown.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </Select>
  )
}

function Found({ filter, live, any }: { filter: RequestFilter; live: boolean; any: boolean }) {
  const question = useInfiniteQuery({
    queryKey: ['requests', filter],
    queryFn: ({ pageParam }) => requestPage(filter, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })
  const tail = useTail(live, filter)
  const fresh = useMemo(() => new Set(tail.rows.map((row) => row.id)), [tail.rows])
  return (
    <Answered question={question} waiting={<Lines count={10} tall />}>
      {({ pages }) => {
        const stored = pages.flatMap((page) => page.items).filter((row) => !fresh.has(row.id))
        return (
          <>
            {live && tail.state === 'lost' && (
              <div className="p-2">
                <Note tone="warn" role="status">
                  The live tail is interrupted; connecting again…
                </Note>
              </div>
            )}
            <RequestTable rows={[...tail.rows, ...stored]} live={live} fresh={fresh} filtered={any} />
            {question.hasNextPage && (
              <div className="border-t border-line p-2 text-center">
                <Button small kind="quiet" busy={question.isFetchingNextPage} onClick={() => void question.fetchNextPage()}>
                  Show older requests
                </Button>
              </div>
            )}
          </>
        )
      }}
    </Answered>
  )
}
