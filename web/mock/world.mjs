// What the mock's Trunkline is told: its providers, models, patterns and client keys.

const inSeconds = (s) => new Date(Date.now() + s * 1000).toISOString()
const up = (latency_ms) => ({ state: 'up', since: inSeconds(-86_400 * 3), reason: null, latency_ms })
const key = (label, requests, cooling, reason = null) => ({ label, requests, cooling_until: cooling ? inSeconds(cooling) : null, reason })

function provider(name, type, section, live) {
  return {
    section: { type, ...section },
    live: {
      name, type, base_url: section.base_url ?? null, source: 'document', enabled: true, draining: false, dialects: ['openai_chat'],
      keys: [], health: up(120), models: 1, requests_24h: 0, errors_24h: 0, cost_24h: '0', ...live,
    },
  }
}

export function fullWorld() {
  const providers = [
    provider('groq', 'groq', { keys: ['${GROQ_API_KEY_1}', '${GROQ_API_KEY_2}'], key_strategy: 'round_robin' }, {
      base_url: 'https://api.groq.com/openai/v1', keys: [key('groq#1', 4_211), key('groq#2', 3_987, 42, 'rate_limited (429)')],
      health: { state: 'cooling', since: inSeconds(-18), reason: 'one of 2 keys rests after 429', latency_ms: 184 }, models: 14, requests_24h: 8_198, errors_24h: 61, cost_24h: '3.4127',
    }),
    provider('openai', 'openai', { key: '${OPENAI_API_KEY}' }, {
      base_url: 'https://api.openai.com/v1', dialects: ['openai_chat', 'openai_responses', 'openai_completions'], keys: [key('openai', 2_140)],
      health: up(412), models: 62, requests_24h: 2_140, errors_24h: 9, cost_24h: '11.8841',
    }),
    provider('anthropic', 'anthropic', { key: 'secret:anthropic', requests_max: 40 }, {
      base_url: 'https://api.anthropic.com/v1', dialects: ['anthropic'], keys: [key('anthropic', 1_702)], health: up(530), models: 9, requests_24h: 1_702, errors_24h: 3, cost_24h: '19.3302',
    }),
    provider('gpu', 'vllm', { base_url: 'http://10.0.4.12:8000/v1', requests_max: 8, health: { interval: '10s' } }, {
      dialects: ['openai_chat', 'openai_completions', 'openai_responses', 'anthropic'], health: up(38), models: 2, requests_24h: 5_410, errors_24h: 12, cost_24h: '0',
    }),
    provider('gpu-old', 'vllm', { base_url: 'http://10.0.4.9:8000/v1', health: { interval: '10s' } }, {
      health: { state: 'down', since: inSeconds(-5_400), reason: 'connection refused', latency_ms: null }, models: 1, requests_24h: 212, errors_24h: 198, cost_24h: '0',
    }),
    provider('ollama', 'ollama', { base_url: 'http://127.0.0.1:11434' }, {
      source: 'probe', dialects: ['ollama', 'openai_chat'], health: up(6), models: 4, requests_24h: 96, errors_24h: 0, cost_24h: null,
    }),
    provider('dummy', 'dummy', {}, { source: 'built_in', dialects: ['openai_chat'], health: { state: 'unknown', since: null, reason: null, latency_ms: null }, models: 2 }),
  ]
  const target = (p, m, priority = 0, weight = 1, state = 'ready', reason = null) => ({ provider: p, model: m, priority, weight, state, reason })
  const models = [
    model('turbo', 'weighted', [target('groq', 'llama-3.3-70b-versatile', 0, 3), target('gpu', 'Qwen/Qwen3-32B', 0, 1), target('openai', 'gpt-5-mini', 1)], {
      fallbacks: ['slow-but-sure'], context_window: 131_072, capabilities: ['tools', 'json_schema'], price: { input: 0.59, output: 0.79, cached_input: 0.3, cache_write: null }, requests_24h: 8_410,
    }),
    model('slow-but-sure', 'backup', [target('openai', 'gpt-5'), target('anthropic', 'claude-opus-5', 1)], { context_window: 400_000, capabilities: ['tools', 'images', 'json_schema', 'thinking'], requests_24h: 1_180 }),
    model('coder', 'sticky', [target('gpu', 'Qwen/Qwen3-Coder-30B', 0, 1), target('gpu-old', 'Qwen/Qwen3-Coder-30B', 0, 1, 'down', 'connection refused')], { context_window: 262_144, capabilities: ['tools'], price: { input: 0, output: 0 }, requests_24h: 5_102 }),
    model('claude', 'backup', [target('anthropic', 'claude-sonnet-5')], { context_window: 1_000_000, capabilities: ['tools', 'images', 'documents', 'thinking'], price: { input: 3, output: 15, cached_input: 0.3, cache_write: 3.75 }, requests_24h: 1_702 }),
    { ...model('llama3.2', 'weighted', [target('ollama', 'llama3.2:latest')], { context_window: 8_192, requests_24h: 96 }), source: 'discovered' },
    { ...model('qwen3:4b', 'weighted', [target('ollama', 'qwen3:4b')], { context_window: 40_960 }), source: 'discovered' },
  ].map(({ section, ...live }) => ({ section, live }))

  const patterns = [
    { name: 'execute', regex: '\\[EXECUTE:(\\w+):([^\\]]+)\\]', source: 'document', enabled: true, priority: 10, tool_name_group: 1, tool_name_mapping: { shell: 'bash' }, parameter_mapping: { 2: 'command' } },
    { name: 'fence_json', regex: '```(?:json)?\\s*(\\{.*?\\})\\s*```', source: 'built_in', enabled: false, priority: 100, tool_name_json_path: 'name' },
    { name: 'action', regex: '\\[searching ([^\\]]+)\\]', source: 'built_in', enabled: false, priority: 60, tool_name: 'search', parameter_mapping: { 1: 'query' } },
  ]
  const clientKeys = [
    clientKey('ck_01', 'laptop', { origin: 'document', hint: '9f3a', owner: 'ada', requests_per_minute: 60, open: 1 }),
    clientKey('ck_02', 'ci', { hint: 'Qz7c', owner: 'platform', tags: ['pipeline'], models: ['gpt-*', 'turbo'], tokens_per_minute: 200_000, parallel_requests: 4, budgets: [{ usd: '2.00', period: 'day', hard: true }, { usd: '20.00', period: 'month', hard: false }], reserved_usd: '0.0184', spent: [{ period: 'day', usd: '1.7321' }, { period: 'month', usd: '14.0213' }] }),
    clientKey('ck_03', 'chat', { hint: 'm2Wd', owner: 'support', models: ['turbo', 'slow-but-sure', 'claude'], priority: 'high', budgets: [{ usd: '400', period: 'month', hard: true }], spent: [{ period: 'month', usd: '311.2207' }], open: 3, reserved_usd: '0.2210' }),
    clientKey('ck_04', 'intern-2025', { hint: 'k08x', owner: 'lin', enabled: false, expires: '2026-09-30' }),
    clientKey('ck_05', 'old-bot', { hint: 'a1b2', revoked: inSeconds(-86_400 * 12) }),
  ]
  return { providers, models, patterns, clientKeys, secrets: [{ name: 'anthropic', used_by: ['providers.anthropic.key'], set_at: inSeconds(-86_400 * 30) }, { name: 'spare', used_by: [], set_at: inSeconds(-86_400 * 2) }] }
}

/** A Trunkline that nobody has told anything. */
export function emptyWorld() {
  const dummy = fullWorld().providers.find((entry) => entry.live.name === 'dummy')
  return { providers: [dummy], models: [], patterns: [], clientKeys: [], secrets: [] }
}

export function model(name, strategy, targets, live = {}) {
  const { fallbacks = [], context_window = null, capabilities = [], price = null, requests_24h = 0 } = live
  const section = {
    strategy, fallbacks, ...(context_window ? { context_window } : {}), ...(price ? { price: JSON.parse(JSON.stringify(price, (_, v) => v ?? undefined)) } : {}),
    targets: targets.map(({ provider, model, priority, weight }) => ({ provider, model, ...(priority ? { priority } : {}), ...(weight > 1 ? { weight } : {}) })),
  }
  return { name, source: 'document', enabled: true, strategy, targets, fallbacks, context_window, capabilities, price, requests_24h, section }
}

export function clientKey(id, name, more = {}) {
  return { id, name, hint: 'xxxx', origin: 'made', owner: null, tags: [], created: inSeconds(-86_400 * 40), revoked: null, open: 0, reserved_usd: '0', spent: [], ...more }
}

export const PROVIDER_TYPES = [
  ['openai', 'OpenAI', ['openai_chat', 'openai_responses', 'openai_completions'], true, false, 'https://api.openai.com/v1', 'Any server that looks like OpenAI works, too: state its base URL.'],
  ['anthropic', 'Anthropic', ['anthropic'], true, false, 'https://api.anthropic.com/v1', null],
  ['gemini', 'Google Gemini', ['gemini', 'openai_chat'], true, false, 'https://generativelanguage.googleapis.com/v1beta', null],
  ['groq', 'Groq', ['openai_chat', 'openai_responses'], true, false, 'https://api.groq.com/openai/v1', null],
  ['openrouter', 'OpenRouter', ['openai_chat', 'openai_responses', 'anthropic'], true, false, 'https://openrouter.ai/api/v1', null],
  ['mistral', 'Mistral', ['openai_chat'], true, false, 'https://api.mistral.ai/v1', null],
  ['together', 'Together', ['openai_chat', 'openai_completions'], true, false, 'https://api.together.xyz/v1', null],
  ['deepinfra', 'DeepInfra', ['openai_chat', 'openai_completions'], true, false, 'https://api.deepinfra.com/v1/openai', null],
  ['cerebras', 'Cerebras', ['openai_chat'], true, false, 'https://api.cerebras.ai/v1', null],
  ['vllm', 'vLLM', ['openai_chat', 'openai_completions', 'openai_responses', 'anthropic'], false, true, null, 'Where `vllm serve` listens, usually port 8000.'],
  ['sglang', 'SGLang', ['openai_chat', 'openai_completions', 'anthropic'], false, true, null, 'Usually port 30000.'],
  ['llama_cpp', 'llama.cpp', ['openai_chat', 'openai_completions', 'anthropic'], false, true, null, 'Where `llama-server` listens, usually port 8080.'],
  ['ollama', 'Ollama', ['ollama', 'openai_chat'], false, false, 'http://127.0.0.1:11434', null],
  ['lm_studio', 'LM Studio', ['openai_chat', 'openai_completions'], false, false, 'http://127.0.0.1:1234/v1', null],
  ['dummy', 'Dummy', ['openai_chat'], false, false, null, 'Answers by itself, for trying things out.'],
].map(([type, label, dialects, needs_key, needs_base_url, default_base_url, hint]) => ({ type, label, dialects, needs_key, needs_base_url, default_base_url, hint }))
