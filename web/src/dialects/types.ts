/** A conversation in no dialect, and what comes back of one. Pure: nothing here asks anybody. */

export interface Image {
  mime: string
  base64: string
}

export interface Call {
  id: string
  name: string
  /** JSON text, as far as it has come. */
  arguments: string
}

export interface Result {
  call: Call
  text: string
}

export type Turn =
  | { role: 'user'; text: string; images: Image[] }
  | { role: 'assistant'; text: string; calls: Call[] }
  | { role: 'results'; results: Result[] }

export interface Tool {
  name: string
  description?: string
  parameters: unknown
}

export interface Chat {
  model: string
  system: string
  turns: Turn[]
  tools: Tool[]
  stream: boolean
  temperature?: number
  maxTokens?: number
}

/** A request, but for whom it comes from. */
export interface Prepared {
  path: string
  headers: Record<string, string>
  body: Record<string, unknown>
}

/** What one frame of a stream, or all of an answer, says. */
export type Piece =
  | { kind: 'text'; text: string }
  | { kind: 'reasoning'; text: string }
  /** `index` tells calls apart that come in parts; `null` is a new one that is whole. */
  | { kind: 'call'; index: number | null; id?: string; name?: string; arguments?: string }
  | { kind: 'usage'; input?: number; output?: number; cached?: number }
  | { kind: 'stop'; reason: string }
  | { kind: 'fault'; message: string }

export interface Dialect {
  id: string
  label: string
  frames: 'sse' | 'ndjson'
  /** What it has words for. */
  takes: { turns: boolean; tools: boolean; images: boolean }
  prepare(chat: Chat): Prepared
  /** One frame of a stream. */
  pieces(frame: Json): Piece[]
  /** An answer that came whole. */
  whole(body: Json): Piece[]
}

/** JSON that somebody else wrote: looked into with care. */
export interface Json {
  [key: string]: Json | undefined
}

/** A member of JSON as text; nothing when it is none. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

export function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : []
}

/** A piece of text, unless there is none of it. */
export function said(kind: 'text' | 'reasoning', value: unknown): Piece[] {
  return typeof value === 'string' && value !== '' ? [{ kind, text: value }] : []
}

/** Arguments as JSON, for dialects that have them so. What is no JSON yet says nothing. */
export function parsed(args: string): unknown {
  try {
    return JSON.parse(args || '{}')
  } catch {
    return {}
  }
}

/** A body without members that say nothing. */
export function body(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)))
}
