// Requests and figures, made from the hour they are of: the same hour always has the same figures.
import { pick, random } from './random.mjs'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const WAYS = [
  { model: 'turbo', provider: 'groq', upstream_model: 'llama-3.3-70b-versatile', client_key: 'chat', dialect: 'openai_chat', lane: 'native', rate: 160, input: 0.59, output: 0.79, us: 900_000 },
  { model: 'turbo', provider: 'openai', upstream_model: 'gpt-5-mini', client_key: 'ci', dialect: 'anthropic', lane: 'bridged', rate: 40, input: 0.25, output: 2, us: 2_400_000 },
  { model: 'slow-but-sure', provider: 'openai', upstream_model: 'gpt-5', client_key: 'laptop', dialect: 'openai_responses', lane: 'native', rate: 30, input: 1.25, output: 10, us: 9_000_000 },
  { model: 'coder', provider: 'gpu', upstream_model: 'Qwen/Qwen3-Coder-30B', client_key: 'laptop', dialect: 'anthropic', lane: 'native', rate: 120, input: 0, output: 0, us: 3_100_000 },
  { model: 'claude', provider: 'anthropic', upstream_model: 'claude-sonnet-5', client_key: 'chat', dialect: 'openai_chat', lane: 'bridged', rate: 70, input: 3, output: 15, us: 5_600_000 },
  { model: 'llama3.2', provider: 'ollama', upstream_model: 'llama3.2:latest', client_key: 'laptop', dialect: 'ollama', lane: 'native', rate: 6, input: null, output: null, us: 4_000_000 },
]

const FAULTS = ['rate_limited', 'overloaded', 'timeout', 'upstream_error', 'context_length_exceeded']

/** How busy an hour is: people sleep, and rest at weekends. */
function busy(at) {
  const date = new Date(at)
  const hour = date.getUTCHours()
  const curve = 0.25 + 0.75 * Math.max(0, Math.sin(((hour - 5) / 15) * Math.PI))
  return curve * (date.getUTCDay() % 6 === 0 ? 0.4 : 1)
}

function hourOf(way, at, share = 1) {
  const next = random(Math.floor(at / HOUR) * 31 + WAYS.indexOf(way) * 7919)
  const requests = Math.round(way.rate * busy(at) * (0.7 + 0.6 * next()) * share)
  const trouble = next() > 0.97 ? 0.2 : 0.006
  const errors = Math.round(requests * trouble * next() * 2)
  const input_tokens = Math.round(requests * (900 + 1_400 * next()))
  const cache_read_tokens = way.provider === 'anthropic' || way.provider === 'openai' ? Math.round(input_tokens * (0.8 + next())) : 0
  const output_tokens = Math.round(requests * (180 + 320 * next()))
  const known = way.input !== null
  const cost = known ? (input_tokens * way.input + cache_read_tokens * way.input * 0.1 + output_tokens * way.output) / 1e6 : 0
  const slow = way.us * (0.8 + 0.5 * next())
  return {
    requests, errors, client_left: Math.round(requests * 0.01), inexact: Math.round(requests * 0.02), unknown_cost: known ? 0 : requests, cached: 0,
    input_tokens, cache_read_tokens, cache_write_tokens: Math.round(cache_read_tokens * 0.05), output_tokens, reasoning_tokens: Math.round(output_tokens * 0.2),
    cost: known ? cost : null, saved: known ? (cache_read_tokens * way.input * 0.9) / 1e6 : null,
    total_us: slow, first_us: slow * 0.22,
  }
}

const COUNTS = ['requests', 'errors', 'client_left', 'inexact', 'unknown_cost', 'cached', 'input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens']

export function usage({ by, per, since, until, model, provider, client_key }) {
  const end = until ? Date.parse(until) : Date.now()
  const begin = since ? Date.parse(since) : end - DAY
  const groups = new Map()
  const ways = WAYS.filter((way) => (!model || way.model === model) && (!provider || way.provider === provider) && (!client_key || way.client_key === client_key))
  for (let at = Math.floor(begin / HOUR) * HOUR; at < end; at += HOUR) {
    const share = Math.min(1, (end - at) / HOUR)
    for (const way of ways) {
      const name = by ? way[by] : null
      const start = per === 'hour' ? at : per === 'day' ? Math.floor(at / DAY) * DAY : null
      const id = `${name}|${start}`
      const group = groups.get(id) ?? { name, start_at: start === null ? null : new Date(start).toISOString(), cost: null, saved: null, us: 0, first: 0, ...Object.fromEntries(COUNTS.map((count) => [count, 0])) }
      const hour = hourOf(way, at, share)
      for (const count of COUNTS) group[count] += hour[count]
      for (const money of ['cost', 'saved']) if (hour[money] !== null) group[money] = (group[money] ?? 0) + hour[money]
      group.us += hour.total_us * hour.requests
      group.first += hour.first_us * hour.requests
      groups.set(id, group)
    }
  }
  const list = [...groups.values()].map(({ us, first, ...group }) => ({
    ...group, cost: group.cost?.toFixed(9) ?? null, saved: group.saved?.toFixed(9) ?? null,
    total: latency(us, group.requests), first_byte: latency(first, group.requests),
  }))
  return { groups: list, since: new Date(begin).toISOString(), until: new Date(end).toISOString(), zone: 'UTC' }
}

function latency(total, requests) {
  if (!requests) return { mean_us: null, p50_us: null, p95_us: null, p99_us: null }
  const mean = total / requests
  return { mean_us: Math.round(mean), p50_us: Math.round(mean * 0.82), p95_us: Math.round(mean * 2.3), p99_us: Math.round(mean * 3.9) }
}

let serial = 0
/** One request that ended at this moment. */
export function row(at, next) {
  const way = pick(next, WAYS.flatMap((way) => Array(Math.ceil(way.rate / 20)).fill(way)))
  const dice = next()
  const outcome = dice < 0.93 ? 'served' : dice < 0.95 ? 'client_left' : pick(next, FAULTS)
  const status = { served: 200, client_left: 200, rate_limited: 429, overloaded: 503, timeout: 504, upstream_error: 502, context_length_exceeded: 400 }[outcome]
  const ok = outcome === 'served'
  const input_tokens = Math.round(200 + 3_000 * next() ** 2)
  const output_tokens = ok ? Math.round(20 + 900 * next() ** 2) : 0
  const cache_read_tokens = way.lane === 'native' && next() > 0.5 ? Math.round(input_tokens * 1.6) : 0
  const total_us = Math.round(way.us * (0.2 + 1.6 * next()))
  const cost = way.input === null || !ok ? (ok ? null : '0') : ((input_tokens * way.input + output_tokens * way.output + cache_read_tokens * way.input * 0.1) / 1e6).toFixed(9)
  const id = (BigInt(at) << 80n | BigInt(Math.floor(next() * 2 ** 40)) << 16n | BigInt(serial++ & 0xffff)).toString(16).padStart(32, '0')
  return {
    id, at: new Date(at).toISOString(), client_key: way.client_key, operation: 'chat', dialect: way.dialect, model: way.model, provider: way.provider, upstream_model: way.upstream_model, lane: way.lane,
    status, outcome, stream: next() > 0.3, cached: false, input_tokens, cache_read_tokens, cache_write_tokens: 0, output_tokens, reasoning_tokens: Math.round(output_tokens * 0.15),
    quality: ok ? 'exact' : outcome === 'client_left' ? 'partial' : null, cost, saved: cost && cache_read_tokens ? ((cache_read_tokens * way.input * 0.9) / 1e6).toFixed(9) : null,
    first_byte_us: ok ? Math.round(total_us * 0.2) : null, total_us, bytes_in: input_tokens * 4, bytes_out: output_tokens * 5, attempt_count: next() > 0.85 || !ok ? 2 : 1,
  }
}

const KEPT = 400

/** The newest requests, and whoever wants to hear of new ones. */
export class Ledger {
  constructor(empty) {
    const next = random(42)
    this.next = next
    this.listeners = new Set()
    this.rows = []
    if (empty) return
    let at = Date.now()
    for (let i = 0; i < KEPT; i++) {
      this.rows.push(row(Math.floor(at), next))
      at -= 1_000 + next() * 40_000
    }
  }

  add(made) {
    this.rows.unshift(made)
    this.rows.length = Math.min(this.rows.length, KEPT)
    for (const tell of this.listeners) tell(made)
  }

  search({ model, client_key, provider, outcome, q, since, until, cursor, limit = '50' }) {
    const found = this.rows.filter(
      (row) =>
        (!model || row.model === model) && (!client_key || row.client_key === client_key) && (!provider || row.provider === provider) &&
        (!outcome || (outcome === 'failed' ? !['served', 'client_left'].includes(row.outcome) : row.outcome === outcome)) &&
        (!since || row.at >= since) && (!until || row.at < until) && (!q || JSON.stringify(row).toLowerCase().includes(q.toLowerCase())),
    )
    const from = Number(cursor ?? 0)
    const to = from + Number(limit)
    return { items: found.slice(from, to), next_cursor: to < found.length ? String(to) : null }
  }

  detail(id) {
    const found = this.rows.find((row) => row.id === id)
    return found && { ...found, ...more(found) }
  }
}

const body = (value) => ({ text: JSON.stringify(value), cut: false })

function more(row) {
  const ok = row.outcome === 'served'
  const failed = { provider: 'groq', upstream_model: row.upstream_model, key: 'groq#2', lane: row.lane, dialect: row.lane === 'bridged' ? 'openai_chat' : null, outcome: 'rate_limited', status: 429, detail: 'Rate limit reached for requests per minute (RPM): limit 30, used 30', started_us: 1_200, first_byte_us: null, total_us: 182_000 }
  const begun = row.attempt_count > 1 ? 190_000 : 1_200
  const last = { provider: row.provider, upstream_model: row.upstream_model, key: `${row.provider}#1`, lane: row.lane, dialect: row.lane === 'bridged' ? 'openai_chat' : null, outcome: row.outcome === 'client_left' ? 'served' : row.outcome, status: row.status, detail: ok ? null : 'the provider did not answer as it should', started_us: begun, first_byte_us: row.first_byte_us, total_us: Math.max(60_000, row.total_us - begun) }
  return {
    attempts: row.attempt_count > 1 ? [failed, last] : [last],
    losses: row.lane === 'bridged' ? ['top_k', 'metadata.user_id'] : [],
    repairs: row.model === 'coder' ? ['found:get_weather', 'coerced:get_weather.days'] : [],
    timings: { queued_us: row.model === 'coder' ? 84_000 : null, first_byte_us: row.first_byte_us, total_us: row.total_us },
    error: ok || row.outcome === 'client_left' ? null : 'upstream "groq" is over its rate; it can be asked again in 42 s',
    continued: 0,
    redacted: row.model === 'turbo' ? 1 : 0,
    request_body: row.model === 'turbo' ? body({ model: row.model, stream: row.stream, messages: [{ role: 'system', content: 'You are a helpful assistant.' }, { role: 'user', content: 'Write a haiku about undersea cables.' }] }) : null,
    response_body: row.model === 'turbo' && ok ? body({ id: 'chatcmpl-1', choices: [{ message: { role: 'assistant', content: 'Light under the waves\ncarries small words far from home.\nThe sea does not know.' }, finish_reason: 'stop' }] }) : null,
  }
}
