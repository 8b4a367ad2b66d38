import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { request, type RequestRow } from '@/api/queries'
import type { Answer } from '@/dialects/answer'
import { usd } from '@/format/money'
import { count, counted } from '@/format/number'
import { latency } from '@/format/time'
import type { Progress } from './send'

/** A record is written within a second; who asks sooner asks again, so often. */
const TRIES_MAX = 5
const AGAIN_MS = 400

const listOf = (header: string | undefined) => (header ? header.split(',').map((item) => item.trim()).filter(Boolean) : [])

/**
 * What an answer took. Its headers say some of it; the rest, such as the cost of a stream, is only known at its end and
 * stands in the ledger.
 */
export function Meta({ progress }: { progress: Progress }) {
  const { answer, headers, firstTokenMs, totalMs } = progress
  const id = headers['x-request-id'] ?? ''
  const row = useQuery({ ...request(id), enabled: id !== '', retry: TRIES_MAX, retryDelay: AGAIN_MS }).data
  const cost = headers['x-trunkline-cost'] ?? row?.cost
  const provider = headers['x-trunkline-provider'] ?? row?.provider
  const losses = row?.losses ?? listOf(headers['x-trunkline-losses'])
  const repairs = row?.repairs ?? listOf(headers['x-trunkline-repairs'])
  const attempts = listOf(headers['x-trunkline-attempts'])
  const tokens = tokenWords(answer, row)

  const facts: [string, string | undefined][] = [
    ['Served by', provider ? `${provider}, ${headers['x-trunkline-upstream-model'] ?? row?.upstream_model ?? ''}` : undefined],
    ['Tokens', tokens.length > 0 ? tokens.join(', ') : undefined],
    ['Cost', cost == null ? undefined : usd(cost)],
    ['First token', firstTokenMs === undefined ? undefined : latency(firstTokenMs * 1000)],
    ['Took', totalMs === undefined ? undefined : latency(totalMs * 1000)],
    ['Cache', headers['x-trunkline-cache']],
    ['Stopped', progress.state === 'stopped' ? 'by you' : answer.stop],
  ]
  return (
    <footer className="border-t border-line pt-2 text-xs text-muted">
      <dl className="flex flex-wrap gap-x-4 gap-y-1">
        {facts.map(
          ([name, value]) =>
            value && (
              <div key={name} className="flex gap-1.5">
                <dt>{name}</dt>
                <dd className="nums text-ink">{value}</dd>
              </div>
            ),
        )}
        {id && (
          <div>
            <dt className="sr-only">Record</dt>
            <dd>
              <Link href={`/requests/${id}`} className="text-accent hover:underline">
                Request
              </Link>
            </dd>
          </div>
        )}
      </dl>
      <Listed words={counted(attempts.length, 'attempt')} items={attempts} />
      <Listed words="Lost in translation" items={losses} />
      <Listed words="Put right" items={repairs} />
    </footer>
  )
}

/** As the answer counts them, else as the ledger does. */
function tokenWords(answer: Answer, row: RequestRow | undefined): string[] {
  const input = answer.input ?? (row && row.input_tokens + row.cache_read_tokens + row.cache_write_tokens)
  const cached = answer.cached ?? row?.cache_read_tokens
  const output = answer.output ?? row?.output_tokens
  return [input !== undefined && `${count(input)} in`, cached && `${count(cached)} of them cached`, output !== undefined && `${count(output)} out`].filter((words) => typeof words === 'string')
}

function Listed({ words, items }: { words: string; items: string[] }) {
  if (items.length === 0) return null
  return (
    <p className="mt-1 break-words">
      {words}: <span className="font-mono text-2xs text-ink">{items.join(', ')}</span>
    </p>
  )
}
