import createClient, { type Middleware } from 'openapi-fetch'
import { ApiError, problemOf } from './problem'
import type { components, paths } from './schema.gen'

export type Schemas = components['schemas']

/** What a request that changes something has to say, so that no other site can make it; from the session. */
let csrf: string | null = null
export function rememberCsrf(token: string | null) {
  csrf = token
}

const lost = new Set<() => void>()
/** Calls back when the API says that nobody is signed in any more. */
export function onSessionLost(callback: () => void): () => void {
  lost.add(callback)
  return () => lost.delete(callback)
}

const session: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET' && csrf) request.headers.set('x-csrf-token', csrf)
  },
  onResponse({ request, response }) {
    const asking = new URL(request.url).pathname === '/api/v1/session'
    if (response.status === 401 && !asking) lost.forEach((callback) => callback())
  },
}

export const api = createClient<paths>({ credentials: 'same-origin' })
api.use(session)

/** Before a client's path: models, wherever the pages are served. */
const PLAYGROUND = '/api/v1/playground'

/** Asks a model as a client would. */
export async function play(path: string, asked: { headers: Record<string, string>; body: string; signal: AbortSignal }): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...asked.headers, ...(csrf ? { 'x-csrf-token': csrf } : {}) }
  const response = await fetch(PLAYGROUND + path, { ...asked, method: 'POST', headers })
  // A client key that is no good is told in the client's dialect; this is the session's end.
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json')
  if (response.status === 401 && isProblem) lost.forEach((callback) => callback())
  return response
}

type Answer<T> = { data?: T; error?: unknown; response: Response }

/** The body of an answer; an answer that is none is thrown as an {@link ApiError}. */
export async function taken<T>(answer: Promise<Answer<T>>): Promise<T> {
  return (await takenWithRevision(answer)).body
}

/** The same, and the revision that the next change has to name. */
export async function takenWithRevision<T>(answer: Promise<Answer<T>>): Promise<{ body: T; revision: string }> {
  let given: Answer<T>
  try {
    given = await answer
  } catch (cause) {
    throw new ApiError({ title: 'Trunkline does not answer', status: 0, detail: 'The connection failed. Is the process still running?' }, cause)
  }
  const { data, error, response } = given
  if (!response.ok) throw new ApiError(problemOf(error, response))
  return { body: data as T, revision: (response.headers.get('etag') ?? '').replace(/^W\//, '').replaceAll('"', '') }
}

/** The header that names the revision which a change was made to. */
export function ifMatch(revision: string): { 'If-Match': string } {
  return { 'If-Match': `"${revision}"` }
}
