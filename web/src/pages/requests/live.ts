import { useEffect, useRef, useState } from 'react'
import type { RequestFilter, RequestRow } from '@/api/queries'

/** Rows that the tail holds; older ones are found by searching. */
const TAIL_MAX = 200
/** Rows are shown together this often: a busy gateway ends thousands a second. */
const FLUSH_MS = 250

/** How long after a refusal the tail is asked for again. */
const AGAIN_MS = 5_000

export type TailState = 'connecting' | 'open' | 'lost'

/** Requests as they end, the newest first, while `on`. */
export function useTail(on: boolean, filter: RequestFilter): { rows: RequestRow[]; state: TailState } {
  const [rows, setRows] = useState<RequestRow[]>([])
  const [state, setState] = useState<TailState>('connecting')
  const wanted = useRef(filter)
  wanted.current = filter

  useEffect(() => {
    if (!on) return
    let waiting: RequestRow[] = []
    setRows([])
    setState('connecting')
    let source: EventSource
    let again: ReturnType<typeof setTimeout> | undefined
    const connect = () => {
      source = new EventSource('/api/v1/requests/live')
      source.onopen = () => setState('open')
      source.onerror = () => {
        setState('lost')
        // A lost connection the browser opens again by itself; a refusal, such as for want of a session, it takes for final.
        if (source.readyState === EventSource.CLOSED) again = setTimeout(connect, AGAIN_MS)
      }
      source.addEventListener('request', (event: MessageEvent<string>) => {
        const row = JSON.parse(event.data) as RequestRow
        if (fits(row, wanted.current)) waiting = [row, ...waiting].slice(0, TAIL_MAX)
      })
    }
    connect()
    const timer = setInterval(() => {
      if (waiting.length === 0) return
      const arrived = waiting
      waiting = []
      setRows((shown) => [...arrived, ...shown].slice(0, TAIL_MAX))
    }, FLUSH_MS)
    return () => {
      clearInterval(timer)
      clearTimeout(again)
      source.close()
    }
  }, [on])
  return { rows, state }
}

/** The search of the API, for rows that come by themselves. */
export function fits(row: RequestRow, { model, provider, client_key, outcome, q }: RequestFilter): boolean {
  if (model && row.model !== model) return false
  if (provider && row.provider !== provider) return false
  if (client_key && row.client_key !== client_key) return false
  if (outcome && (outcome === 'failed' ? row.outcome === 'served' || row.outcome === 'client_left' : row.outcome !== outcome)) return false
  if (!q) return true
  const text = [row.id, row.model, row.provider, row.upstream_model, row.client_key, row.outcome].join(' ').toLowerCase()
  return text.includes(q.toLowerCase())
}
