import { MessagesSquare } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { Call, Turn } from '@/dialects/types'
import { Button } from '@/ui/button'
import { Disclosure } from '@/ui/disclosure'
import { Input } from '@/ui/field'
import { Empty, Note } from '@/ui/states'
import { MakeKey } from './key-field'
import { Meta } from './meta'
import type { Progress } from './send'
import type { Exchange, Lane } from './use-lane'

interface LaneViewProps {
  lane: Lane
  onResults: (turn: Turn) => void
  onKey: (key: string) => void
}

export function LaneView({ lane, onResults, onKey }: LaneViewProps) {
  const end = useRef<HTMLDivElement>(null)
  const last = lane.exchanges.at(-1)
  useEffect(() => {
    if (lane.exchanges.length > 0) end.current?.scrollIntoView({ block: 'nearest' })
  }, [lane.exchanges.length, last?.progress.state])

  if (lane.exchanges.length === 0) {
    return (
      <div className="grid flex-1 place-items-center">
        <Empty icon={MessagesSquare} title="Nothing was said yet">
          What you ask goes the way of any client’s request: through the same plan, limits and repairs, and into the ledger.
        </Empty>
      </div>
    )
  }
  return (
    <div className="flex-1 p-4">
      <ol className="flex flex-col gap-5">
        {lane.exchanges.map((exchange, at) => (
          <li key={at} className="flex flex-col gap-3">
            <Asked exchange={exchange} />
            <Answered progress={exchange.progress} onKey={onKey} />
            {at === lane.exchanges.length - 1 && exchange.progress.state === 'done' && exchange.progress.answer.calls.length > 0 && <Results calls={exchange.progress.answer.calls} onSend={onResults} />}
          </li>
        ))}
      </ol>
      <div ref={end} />
    </div>
  )
}

function Asked({ exchange: { turn } }: { exchange: Exchange }) {
  if (turn.role === 'assistant') return null
  if (turn.role === 'results') {
    return (
      <div className="self-end rounded-lg bg-accent-soft px-3 py-2 text-[13px]">
        {turn.results.map(({ call, text }) => (
          <p key={call.id}>
            <span className="text-muted">{call.name} gave: </span>
            {text}
          </p>
        ))}
      </div>
    )
  }
  return (
    <div className="max-w-[85%] self-end rounded-lg bg-accent-soft px-3 py-2 text-[13px]">
      {turn.images.length > 0 && (
        <div className="mb-2 flex flex-wrap gap-2">
          {turn.images.map((image, at) => (
            <img key={at} src={`data:${image.mime};base64,${image.base64}`} alt={`Picture ${at + 1}`} className="max-h-32 rounded" />
          ))}
        </div>
      )}
      <p className="break-words whitespace-pre-wrap">{turn.text}</p>
    </div>
  )
}

function Answered({ progress, onKey }: { progress: Progress; onKey: (key: string) => void }) {
  const { answer, state } = progress
  const running = state === 'waiting' || state === 'answering'
  return (
    <div className="flex min-w-0 flex-col gap-2 text-[13px]" aria-busy={running}>
      {answer.reasoning && (
        <Disclosure title="Thoughts" className="rounded-md border border-line bg-sunken">
          <p className="px-3 pb-3 break-words whitespace-pre-wrap text-muted">{answer.reasoning}</p>
        </Disclosure>
      )}
      {answer.text && <p className="leading-6 break-words whitespace-pre-wrap">{answer.text}</p>}
      {answer.calls.map((call) => (
        <CallView key={call.id} call={call} />
      ))}
      {running && <span className="skeleton inline-block h-4 w-2" role="status" aria-label={state === 'waiting' ? 'Waiting for the answer' : 'Answering'} />}
      {answer.fault !== undefined && (
        <Note tone="bad" role="alert">
          <p className="break-words">{answer.fault}</p>
          {progress.status === 401 && (
            <div className="mt-2 flex flex-wrap items-center gap-2 text-ink">
              This Trunkline asks callers for a key: put one into the setup, or
              <MakeKey onMade={onKey} />
            </div>
          )}
        </Note>
      )}
      {!running && <Meta progress={progress} />}
    </div>
  )
}

function CallView({ call }: { call: Call }) {
  return (
    <pre tabIndex={0} aria-label={`Call of ${call.name}`} className="overflow-auto rounded-md border border-line bg-sunken px-3 py-2 font-mono text-xs whitespace-pre-wrap">
      <span className="font-semibold text-accent">{call.name}</span>({call.arguments})
    </pre>
  )
}

/** Nobody runs tools here: whoever asks says what they gave. */
function Results({ calls, onSend }: { calls: Call[]; onSend: (turn: Turn) => void }) {
  const [texts, setTexts] = useState<Record<string, string>>({})
  return (
    <form
      className="flex flex-col gap-2 rounded-md border border-line p-3"
      onSubmit={(event) => {
        event.preventDefault()
        onSend({ role: 'results', results: calls.map((call) => ({ call, text: texts[call.id] ?? '' })) })
      }}
    >
      {calls.map((call) => (
        <label key={call.id} className="flex flex-col gap-1 text-xs text-muted">
          What {call.name} gives
          <Input mono value={texts[call.id] ?? ''} onChange={(event) => setTexts({ ...texts, [call.id]: event.target.value })} />
        </label>
      ))}
      <div>
        <Button small type="submit">
          Send the results
        </Button>
      </div>
    </form>
  )
}
