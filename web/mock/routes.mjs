// The admin API of the mock: one list, in the order of api/openapi.json.
import { diff, problems, SCHEMA, write } from './document.mjs'
import { usage } from './traffic.mjs'
import { clientKey, model as newModel, PROVIDER_TYPES } from './world.mjs'

const page = (items) => ({ items, next_cursor: null })
const problem = (status, title, detail, more = {}) => ({ status, body: { type: 'about:blank', title, status, detail, ...more } })
const missing = (what) => problem(404, 'there is nothing here', `there is no ${what}`)
const now = () => new Date().toISOString()

/** A change of the document: refuses without If-Match, or with that of an older revision. */
function changing(mock, request, note, change) {
  const match = request.headers['if-match']
  if (!match) return problem(428, 'the revision is missing', 'say in If-Match which revision this is a change of')
  if (match !== `"${mock.revision}"`) return problem(412, 'the document has changed', 'somebody else changed the document since you read it')
  const before = mock.document
  const answer = change()
  if (answer?.body?.problems) return answer
  mock.document = answer?.document ?? write(mock.world)
  mock.revision = String(Number(mock.revision) + 1)
  mock.revisions.unshift({ revision: mock.revision, at: now(), by: 'admin', note: note ?? null, summary: note ?? 'changed in the UI', document: mock.document, diff: diff(before, mock.document) })
  return answer?.status ? answer : { status: answer?.body ? 200 : 204, body: answer?.body }
}

const merged = (section, changes) => Object.fromEntries(Object.entries({ ...section, ...changes }).filter(([, value]) => value !== null))
const refusal = (path, message, hint = null) => problem(422, 'the document would be wrong', message, { problems: [{ path, line: 12, column: 1, message, hint, severity: 'error' }] })

function providerWrong(name, section) {
  if (section.base_url && !/^(https?:\/\/|\$\{)/.test(section.base_url)) return refusal(`providers.${name}.base_url`, `"${section.base_url}" is not a URL`, 'begin it with http:// or https://')
  return null
}

function live(name, section, before) {
  return {
    name, base_url: null, source: 'document', draining: false, dialects: ['openai_chat'], health: { state: 'unknown', since: null, reason: null, latency_ms: null }, models: 3, requests_24h: 0, errors_24h: 0, cost_24h: '0',
    keys: section.key || section.keys ? [{ label: name, cooling_until: null, reason: null, requests: 0 }] : [], ...before, type: section.type ?? name, ...(section.base_url ? { base_url: section.base_url } : {}), enabled: section.enabled !== false,
  }
}

function modelLive(name, section) {
  const targets = (section.targets ?? []).map((target) => ({ priority: 0, weight: 1, state: 'ready', reason: null, ...target }))
  const { section: _, ...shown } = newModel(name, section.strategy ?? 'weighted', targets, section)
  return { ...shown, enabled: section.enabled !== false }
}

/** Both kinds of sections that have a name: providers and models. */
function sections(kind, make, wrong) {
  const list = (mock) => mock.world[kind]
  const find = (mock, name) => list(mock).find((entry) => entry.live.name === name)
  return {
    [`GET /${kind}`]: (mock) => ({ body: page(list(mock).map((entry) => entry.live)) }),
    [`POST /${kind}`]: (mock, { request, body: { name, ...section } }) =>
      changing(mock, request, `added ${kind}.${name}`, () => {
        if (find(mock, name)) return refusal(`${kind}.${name}`, `there is already one called "${name}"`)
        const bad = wrong(name, section)
        if (bad) return bad
        const entry = { section, live: make(name, section) }
        list(mock).push(entry)
        return { status: 201, body: entry }
      }),
    [`GET /${kind}/{name}`]: (mock, { name }) => (find(mock, name) ? { body: find(mock, name), etag: mock.revision } : missing(`${kind} "${name}"`)),
    [`PATCH /${kind}/{name}`]: (mock, { name, request, body }) =>
      changing(mock, request, `changed ${kind}.${name}`, () => {
        const entry = find(mock, name)
        const section = merged(entry.section, body)
        const bad = wrong(name, section)
        if (bad) return bad
        Object.assign(entry, { section, live: make(name, section, entry.live) })
        return { body: entry }
      }),
    [`DELETE /${kind}/{name}`]: (mock, { name, request }) => changing(mock, request, `removed ${kind}.${name}`, () => void (mock.world[kind] = list(mock).filter((entry) => entry.live.name !== name))),
  }
}

const UPSTREAM_MODELS = ['llama-3.3-70b-versatile', 'llama-3.1-8b-instant', 'openai/gpt-oss-120b', 'openai/gpt-oss-20b', 'qwen/qwen3-32b', 'moonshotai/kimi-k2', 'whisper-large-v3']

const PRICES = [
  ['claude-opus-5', 'anthropic', 5, 25, 0.5, 6.25], ['claude-sonnet-5', 'anthropic', 3, 15, 0.3, 3.75], ['gpt-5', 'openai', 1.25, 10, 0.125, null], ['gpt-5-mini', 'openai', 0.25, 2, 0.025, null],
  ['llama-3.3-70b-versatile', 'groq', 0.59, 0.79, null, null], ['gemini-2.5-pro', 'gemini', 1.25, 10, 0.125, null], ['mistral-large-latest', 'mistral', 2, 6, null, null],
].map(([model, vendor, input, output, cached_input, cache_write]) => ({ model, vendor, input, output, cached_input, cache_write, source: 'built_in', from: '2026-10-01' }))

const SETTINGS = {
  groups: [
    { name: 'server', items: [['listen', '127.0.0.1:8700', 'document'], ['auth', 'keys', 'default'], ['body_limit', '32MiB', 'default'], ['requests_max', '10000', 'default'], ['cors_origins', 'https://chat.example.com', 'document']] },
    { name: 'admin', items: [['token', '••••••••', 'environment', true], ['password', '••••••••', 'default', true], ['auth_enabled', 'true', 'default']] },
    { name: 'log', items: [['level', 'info', 'argument'], ['format', 'text', 'default']] },
    { name: 'environment', items: [['GROQ_API_KEY_1', '••••••••4f2a', 'environment', true], ['GROQ_API_KEY_2', '••••••••91cc', 'environment', true], ['OPENAI_API_KEY', '••••••••77Qd', 'environment', true], ['TRUNKLINE_DATA_DIR', '/var/lib/trunkline', 'environment']] },
  ].map(({ name, items }) => ({ name, items: items.map(([key, value, source, secret = false]) => ({ key: `${name}.${key}`, value, source, secret })) })),
}

export const ROUTES = {
  'GET /auth': () => ({ body: { enabled: true, password: true, oidc: null, external: null } }),
  'GET /sessions': (mock) => ({ body: page(mock.sessionRows()) }),
  'DELETE /sessions/{id}': (mock, { id }) => (mock.end(id), { status: 204 }),
  'GET /status': (mock) => ({ body: mock.status() }),
  'GET /config': (mock) => ({ body: { document: mock.document, revision: mock.revision, writable: true }, etag: mock.revision }),
  'PUT /config': (mock, { request, body }) =>
    changing(mock, request, body.note, () => {
      const found = problems(body.document)
      if (found.length) return problem(422, 'the document is wrong', found[0].message, { problems: found })
      return { document: body.document, body: { revision: String(Number(mock.revision) + 1) } }
    }),
  'POST /config/validate': (_, { body }) => ({ body: { ok: problems(body.document).length === 0, problems: problems(body.document) } }),
  'POST /config/plan': (mock, { body }) => {
    const found = problems(body.document)
    const text = diff(mock.document, body.document)
    return { body: { ok: found.length === 0, problems: found, diff: text, changes: text ? [{ kind: 'change', path: 'server', summary: 'settings that are read while it runs' }] : [] } }
  },
  'GET /config/revisions': (mock) => ({ body: page(mock.revisions.map(({ document, diff, ...row }) => ({ ...row, current: row.revision === mock.revision }))) }),
  'GET /config/revisions/{n}': (mock, { n }) => {
    const found = mock.revisions.find((row) => row.revision === n)
    return found ? { body: { ...found, current: n === mock.revision } } : missing(`revision ${n}`)
  },
  'POST /config/rollback': (mock, { request, body }) =>
    changing(mock, request, `went back to revision ${body.revision}`, () => ({ document: mock.revisions.find((row) => row.revision === body.revision).document, body: { revision: String(Number(mock.revision) + 1) } })),
  'GET /config/schema': () => ({ body: SCHEMA }),
  'GET /config/export': (mock) => ({ body: { version: 1, exported_at: now(), document: mock.document, prices: [], patterns: [] } }),
  'POST /config/import': (mock, { body }) => {
    const document = `${mock.document}\n[models.imported]\ntargets = [{ provider = "openai", model = "gpt-4o" }]\n`
    const source = body.files[0]?.name ?? 'models/imported.json'
    const report = [
      { source, key: 'logical_name', fate: 'exact', note: null }, { source, key: 'timeout_seconds', fate: 'exact', note: null },
      { source, key: 'default_cooldown_seconds', fate: 'approximate', note: 'becomes the cooldown of each target' },
      { source, key: 'model_routings[0].api_key_env', fate: 'manual', note: 'set OPENAI_API_KEY_1 where Trunkline runs' }, { source, key: 'request_config.max_retries', fate: 'unsupported', note: 'tries are counted per request here' },
    ]
    const text = diff(mock.document, document)
    if (!body.dry_run) mock.document = document
    return { body: { report, document, diff: text, applied: !body.dry_run } }
  },
  'GET /provider-types': () => ({ body: page(PROVIDER_TYPES) }),
  'POST /providers/test': (_, { body }) => {
    const url = body.section?.base_url ?? ''
    const down = url.includes('9999') || body.name === 'gpu-old'
    const steps = [{ name: 'address', ok: true, ms: 2.1, detail: url || 'the vendor’s own' }, { name: 'connection', ok: !down, ms: down ? 1.2 : 18, detail: down ? 'connection refused: nothing listens there' : 'TLS 1.3' }]
    if (!down) steps.push({ name: 'credentials', ok: true, ms: 91, detail: 'accepted' }, { name: 'models', ok: true, ms: 88, detail: `${UPSTREAM_MODELS.length} listed` }, { name: 'answer', ok: true, ms: 412, detail: '“Hello!”, first token after 380 ms' })
    return { body: { ok: !down, steps, models: down ? [] : UPSTREAM_MODELS } }
  },
  ...sections('providers', live, providerWrong),
  'GET /providers/{name}/models': () => ({ body: page(UPSTREAM_MODELS.map((name) => ({ name, context_window: 131_072, source: 'provider' }))) }),
  'POST /providers/{name}/drain': (mock, { name }) => (Object.assign(mock.world.providers.find((p) => p.live.name === name).live, { draining: true }), { status: 204 }),
  'POST /providers/{name}/resume': (mock, { name }) => (Object.assign(mock.world.providers.find((p) => p.live.name === name).live, { draining: false }), { status: 204 }),
  ...sections('models', modelLive, (name, section) => (section.targets?.some((target) => !target.provider) ? refusal(`models.${name}.targets[${section.targets.findIndex((target) => !target.provider)}].provider`, 'a target needs a provider') : null)),
  'GET /patterns': (mock) => ({ body: page(mock.world.patterns) }),
  'POST /patterns': (mock, { request, body }) =>
    changing(mock, request, `added pattern ${body.name}`, () => {
      const bad = regexWrong(body.regex)
      if (bad) return refusal('patterns[1].regex', bad)
      const made = { source: 'document', enabled: true, priority: 0, ...body }
      mock.world.patterns.push(made)
      return { status: 201, body: { section: body, live: made } }
    }),
  'POST /patterns/try': (mock, { body }) => {
    const tried = body.pattern ? [body.pattern] : mock.world.patterns.filter((pattern) => pattern.enabled)
    const calls = []
    let text = body.text
    for (const pattern of tried) {
      const bad = regexWrong(pattern.regex)
      if (bad) return { body: { calls: [], text, took_us: 12, problems: [{ path: 'regex', line: null, column: null, message: bad, hint: null, severity: 'error' }] } }
      text = text.replace(new RegExp(pattern.regex, 'gs'), (...match) => {
        const name = pattern.tool_name ?? match[pattern.tool_name_group] ?? 'tool'
        calls.push({ name: pattern.tool_name_mapping?.[name] ?? name, arguments: Object.fromEntries(Object.entries(pattern.parameter_mapping ?? {}).map(([group, key]) => [key, match[group]])) })
        return ''
      })
    }
    return { body: { calls, text: text.trim(), took_us: 84, problems: [] } }
  },
  'GET /patterns/{name}': (mock, { name }) => {
    const found = mock.world.patterns.find((pattern) => pattern.name === name)
    if (!found) return missing(`pattern "${name}"`)
    const { source, ...section } = found
    return { body: { section, live: found }, etag: mock.revision }
  },
  'PATCH /patterns/{name}': (mock, { name, request, body }) =>
    changing(mock, request, `changed pattern ${name}`, () => {
      const bad = body.regex && regexWrong(body.regex)
      if (bad) return refusal('patterns[0].regex', bad)
      const found = mock.world.patterns.find((pattern) => pattern.name === name)
      Object.assign(found, body)
      return { body: { section: found, live: found } }
    }),
  'DELETE /patterns/{name}': (mock, { name, request }) => changing(mock, request, `removed pattern ${name}`, () => void (mock.world.patterns = mock.world.patterns.filter((pattern) => pattern.name !== name))),
  'GET /client-keys': (mock) => ({ body: page(mock.world.clientKeys) }),
  'POST /client-keys': (mock, { body }) => {
    if (!body.name) return problem(400, 'the request cannot be understood', 'a key needs a name', { field: 'name' })
    if (mock.world.clientKeys.some((key) => key.name === body.name && !key.revoked)) return problem(409, 'something else stands in the way', `another client key is called "${body.name}"`, { field: 'name' })
    const made = clientKey(`ck_${mock.world.clientKeys.length + 1}`, body.name, { ...body, created: now() })
    mock.world.clientKeys.unshift(made)
    return { status: 201, body: { key: 'sk-tl-9Xb2mPq7RsTvWyZ4aCdE6fGhJkLmN8p', ...made } }
  },
  'GET /client-keys/{key}': (mock, { key }) => ({ body: mock.world.clientKeys.find((row) => row.id === key) }),
  'PATCH /client-keys/{key}': (mock, { key, body }) => {
    const found = mock.world.clientKeys.find((row) => row.id === key)
    if (body.expires && Number.isNaN(Date.parse(body.expires))) return problem(400, 'the request cannot be understood', `"${body.expires}" is neither a day nor a moment`, { field: 'expires' })
    return { body: Object.assign(found, body) }
  },
  'DELETE /client-keys/{key}': (mock, { key }) => ({ body: Object.assign(mock.world.clientKeys.find((row) => row.id === key), { revoked: now() }) }),
  'POST /client-keys/{key}/rotate': (mock, { key }) => ({ body: { key: 'sk-tl-R0tat3dKeyThatIsShownOnce000000', ...mock.world.clientKeys.find((row) => row.id === key) } }),
  'GET /secrets': (mock) => ({ body: page(mock.world.secrets) }),
  'PUT /secrets/{name}': (mock, { name }) => {
    mock.world.secrets = [...mock.world.secrets.filter((secret) => secret.name !== name), { name, used_by: [], set_at: now() }]
    return { status: 204 }
  },
  'DELETE /secrets/{name}': (mock, { name }) => ((mock.world.secrets = mock.world.secrets.filter((secret) => secret.name !== name)), { status: 204 }),
  'GET /prices': (_, { query }) => ({ body: page(PRICES.filter((price) => price.model.includes(query.q ?? ''))) }),
  'PUT /prices/{model}': (mock, { model, request, body }) => changing(mock, request, `price of ${model}`, () => void Object.assign(PRICES.find((price) => price.model === model) ?? {}, body, { source: 'document' })),
  'DELETE /prices/{model}': (mock, { model, request }) => changing(mock, request, `price of ${model}`, () => void Object.assign(PRICES.find((price) => price.model === model) ?? {}, { source: 'built_in' })),
  'GET /usage': (mock, { query }) => (mock.empty ? { body: { ...usage(query), groups: [] } } : query.format === 'csv' ? { csv: csv(usage(query).groups) } : { body: usage(query) }),
  'GET /requests': (mock, { query }) => ({ body: mock.ledger.search(query) }),
  'GET /requests/{id}': (mock, { id }) => (mock.ledger.detail(id) ? { body: mock.ledger.detail(id) } : missing(`request "${id}"`)),
  'POST /explain': (mock, { body }) => ({ body: explain(mock, body) }),
  'GET /health': (mock) => ({ body: { providers: mock.world.providers.map(({ live }) => ({ name: live.name, health: live.health })), store: { state: 'up', detail: 'SQLite', latency_ms: 0.4 } } }),
  'GET /discovery': (mock) => ({
    body: mock.empty ? { sources: [{ name: 'probe', kind: 'probe', state: 'watching', last_at: now(), error: null }], endpoints: [] } : {
      sources: [{ name: 'docker', kind: 'docker', state: 'watching', last_at: now(), error: null }, { name: 'probe', kind: 'probe', state: 'watching', last_at: now(), error: null }, { name: 'kubernetes', kind: 'kubernetes', state: 'failing', last_at: null, error: 'forbidden: cannot list pods in namespace "models"' }],
      endpoints: [
        { name: 'ollama', address: 'http://127.0.0.1:11434', type: 'ollama', models: ['llama3.2:latest', 'qwen3:4b', 'nomic-embed-text:latest', 'gemma3:1b'], source: 'probe', taken_as: 'ollama' },
        { name: 'vllm-qwen', address: 'http://172.17.0.4:8000', type: 'vllm', models: ['Qwen/Qwen3-8B'], source: 'docker', taken_as: 'vllm-qwen' },
        { name: 'whisper', address: 'http://172.17.0.6:9000', type: null, models: [], source: 'docker', taken_as: null },
      ],
    },
  }),
  'GET /settings': () => ({ body: SETTINGS }),
  'POST /settings/reveal': (_, { body }) => ({ body: { key: body.key, value: 'gsk_live_the_whole_value_4f2a' } }),
}

function regexWrong(regex) {
  try {
    return new RegExp(regex) && (regex ? null : 'the expression is empty')
  } catch (error) {
    return `the expression does not compile: ${error.message}`
  }
}

function explain(mock, { model }) {
  const found = mock.world.models.find((entry) => entry.live.name === model)
  const estimate = { prompt_tokens: 24, answer_tokens_max: 8192, prompt_usd: '0.000014', answer_usd_max: '0.0065' }
  if (!found) return { model, strategy: null, at_ms: Date.now(), attempts: [], attempts_beyond: 0, regardless: false, left_out: [], waits: null, refused: { kind: 'model_not_found', message: `model "${model}" is not configured`, retry_after_ms: null }, estimate }
  const who = ({ provider, model, priority, weight }) => ({ provider, upstream_model: model, key: `${provider}#1`, lane: 'native', dialect: null, priority, weight, losses: [], refused: null })
  const [ready, rest] = [found.live.targets.filter((target) => target.state === 'ready'), found.live.targets.filter((target) => target.state !== 'ready')]
  return { model, strategy: found.live.strategy, at_ms: Date.now(), attempts: ready.map(who), attempts_beyond: 0, regardless: false, left_out: rest.map((target) => ({ ...who(target), reason: 'unhealthy', detail: target.reason, until_ms: null })), waits: null, refused: null, estimate }
}

function csv(groups) {
  const columns = ['name', 'start_at', 'requests', 'errors', 'input_tokens', 'output_tokens', 'cost', 'saved']
  return [columns.join(','), ...groups.map((group) => columns.map((column) => group[column] ?? '').join(','))].join('\n')
}
