// A Trunkline for development and tests: the admin API, a data plane that always says the same, and the built UI with
// the content policy of the real one. Passwords: "trunkline" (admin), "viewer".
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chat, isChat } from './chat.mjs'
import { write } from './document.mjs'
import { ROUTES } from './routes.mjs'
import { Ledger, row } from './traffic.mjs'
import { emptyWorld, fullWorld } from './world.mjs'

export const CONTENT_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const DIST = fileURLToPath(new URL('../dist/ui', import.meta.url))
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' }
const LIVE_MS = 1_500
const PASSWORDS = { trunkline: 'admin', viewer: 'viewer' }

class Mock {
  constructor({ empty = false, mounted = false } = {}) {
    this.empty = empty
    this.mounted = mounted
    this.world = empty ? emptyWorld() : fullWorld()
    this.document = write(this.world)
    this.revision = '7'
    this.revisions = [
      { revision: '7', at: ago(2 * 3_600), by: 'admin', note: 'a second key for groq', summary: 'changed providers.groq', document: this.document, diff: '--- trunkline.toml\n+++ trunkline.toml\n@@ -9,1 +9,1 @@\n-keys = ["${GROQ_API_KEY_1}"]\n+keys = ["${GROQ_API_KEY_1}", "${GROQ_API_KEY_2}"]\n' },
      { revision: '6', at: ago(26 * 3_600), by: 'ada', note: null, summary: 'added models.coder', document: this.document.replace('[models.coder]', '[models.code]'), diff: '' },
      { revision: '5', at: ago(90 * 3_600), by: 'file', note: 'edited outside of Trunkline', summary: null, document: this.document, diff: '' },
    ]
    this.ledger = new Ledger(empty)
    this.sessions = new Map()
    this.started = ago(3 * 86_400)
    this.routes = Object.entries(ROUTES).map(([line, answer]) => {
      const [method, path] = line.split(' ')
      const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
      return { method, names, answer, test: new RegExp(`^/api/v1${path.replace(/\{\w+\}/g, '([^/]+)')}$`) }
    })
  }

  status() {
    const attention = this.empty
      ? [{ severity: 'info', code: 'no_provider', message: 'no provider is configured yet: add one, or set a key such as OPENAI_API_KEY', link: '/welcome' }]
      : [
          { severity: 'error', code: 'provider_down', message: 'provider "gpu-old" has refused connections for 1 h 30 min; model "coder" runs on one target', link: '/providers/gpu-old' },
          { severity: 'warning', code: 'key_cooling', message: 'key "groq#2" rests after 429 for 42 s', link: '/providers/groq' },
          { severity: 'warning', code: 'budget', message: 'client key "ci" has spent 87 % of its budget of $2.00 a day', link: '/keys' },
          { severity: 'info', code: 'unknown_price', message: 'nobody knows what "llama3.2" costs; 96 requests of the last day count nothing', link: '/models/llama3.2' },
        ]
    return {
      version: '0.7.0', started_at: this.started, uptime_s: Math.round((Date.now() - Date.parse(this.started)) / 1000), listen: '127.0.0.1:8700', base_url: 'http://127.0.0.1:8700/v1',
      config: { source: this.empty ? 'none' : 'file', path: '/etc/trunkline/trunkline.toml', revision: this.revision, writable: !this.mounted, why_not_writable: this.mounted ? 'its file is on a read-only mount' : null },
      ledger: { written: this.empty ? 0 : 1_204_118, dropped: 0, spooled: 0, failing: null }, replicas: null, attention,
    }
  }

  sessionRows() {
    return [...this.sessions].map(([id, { session, begun }]) => ({ id, user: session.user, role: session.role, created_at: begun, seen_at: new Date().toISOString(), expires_at: session.expires_at, address: '127.0.0.1', agent: 'Chromium on Linux', current: true }))
  }

  end(id) {
    this.sessions.delete(id)
  }

  signIn(password) {
    const role = PASSWORDS[password]
    if (!role) return null
    const id = `s${this.sessions.size + 1}${Date.now()}`
    const session = { role, user: role === 'admin' ? 'admin' : 'grace', expires_at: new Date(Date.now() + 12 * 3_600_000).toISOString(), csrf: `csrf-${id}` }
    this.sessions.set(id, { session, begun: new Date().toISOString() })
    return { id, session }
  }
}

const ago = (s) => new Date(Date.now() - s * 1000).toISOString()
const json = (response, status, body, headers = {}) => {
  response.writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json', ...headers })
  response.end(body === undefined || status === 204 ? undefined : JSON.stringify(body))
}
const refuse = (response, status, title, detail) => json(response, status, { type: 'about:blank', title, status, detail })

async function read(request) {
  let text = ''
  for await (const chunk of request) text += chunk
  try {
    return text ? JSON.parse(text) : {}
  } catch {
    return null
  }
}

function sessionRoute(mock, request, response, body, id) {
  const held = mock.sessions.get(id)
  if (request.method === 'POST') {
    const made = mock.signIn(body?.password)
    if (!made) return refuse(response, 401, 'the password is wrong')
    return json(response, 200, made.session, { 'set-cookie': `trunkline_session=${made.id}; HttpOnly; SameSite=Strict; Path=/` })
  }
  if (!held) return refuse(response, 401, 'nobody is signed in')
  if (request.method === 'GET') return json(response, 200, held.session)
  mock.end(id)
  return json(response, 204)
}

function live(mock, request, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(': here\n\n')
  const tell = (made) => response.write(`event: request\ndata: ${JSON.stringify(made)}\n\n`)
  mock.ledger.listeners.add(tell)
  request.on('close', () => mock.ledger.listeners.delete(tell))
}

async function api(mock, request, response, url) {
  const body = await read(request)
  const id = /trunkline_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1]
  if (url.pathname === '/api/v1/session') return sessionRoute(mock, request, response, body, id)
  const held = mock.sessions.get(id)
  if (url.pathname !== '/api/v1/auth') {
    if (!held) return refuse(response, 401, 'nobody is signed in')
    if (request.method !== 'GET' && request.headers['x-csrf-token'] !== held.session.csrf) return refuse(response, 403, 'x-csrf-token is missing')
    const looks = ['/explain', '/config/validate', '/config/plan', '/patterns/try'].some((path) => url.pathname.endsWith(path))
    if (request.method !== 'GET' && held.session.role === 'viewer' && !looks) return refuse(response, 403, 'a viewer cannot change this')
  }
  if (url.pathname === '/api/v1/requests/live') return live(mock, request, response)
  for (const { method, test, names, answer } of mock.routes) {
    const match = method === request.method && test.exec(url.pathname)
    if (!match) continue
    const parts = Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(match[at + 1])]))
    const given = answer(mock, { ...parts, request, body, query: Object.fromEntries(url.searchParams) })
    if (given.csv) {
      response.writeHead(200, { 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="usage.csv"' })
      return response.end(given.csv)
    }
    return json(response, given.status ?? 200, given.body, given.etag ? { etag: `"${given.etag}"` } : {})
  }
  return refuse(response, 404, 'there is nothing here', `there is no ${request.method} ${url.pathname}`)
}

function page(response, path) {
  const wanted = normalize(join(DIST, path.replace(/^\/ui\/?/, '')))
  const file = wanted.startsWith(DIST) && extname(wanted) && existsSync(wanted) ? wanted : join(DIST, 'index.html')
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': CONTENT_POLICY, 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' })
  createReadStream(file).pipe(response)
}

/** Starts a mock; port 0 takes any. `empty`: nobody has told it anything. `mounted`: its document is on a read-only mount. */
export async function start({ port = 0, empty = false, mounted = false } = {}) {
  const mock = new Mock({ empty, mounted })
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://mock')
    const asked = url.pathname.replace(/^\/api\/v1\/playground(?=\/)/, '')
    if (isChat(asked)) return chat(mock, asked, (await read(request)) ?? {}, response)
    if (url.pathname.startsWith('/api/v1/')) return api(mock, request, response, url)
    if (url.pathname === '/mock/expire') return mock.sessions.clear(), json(response, 204)
    if (url.pathname.startsWith('/ui')) return page(response, url.pathname)
    return url.pathname === '/' ? (response.writeHead(302, { location: '/ui/' }), response.end()) : refuse(response, 404, 'there is nothing here')
  })
  const timer = empty ? undefined : setInterval(() => mock.ledger.add(row(Date.now(), mock.ledger.next)), LIVE_MS)
  await new Promise((ready) => server.listen(port, '127.0.0.1', ready))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop() {
      clearInterval(timer)
      server.closeAllConnections()
      server.close()
    },
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await start({ port: Number(process.env.MOCK_PORT ?? 8799), empty: process.env.MOCK_EMPTY === '1' })
  console.log(`mock Trunkline at ${url}/ui/, passwords "trunkline" and "viewer"`)
}
