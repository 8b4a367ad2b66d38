import { play } from '@/api/client'
import { add, NOTHING, type Answer } from '@/dialects/answer'
import { NdjsonFrames, SseFrames } from '@/dialects/frames'
import type { Chat, Dialect, Json, Piece } from '@/dialects/types'

/** What is known of one question while it is answered, and afterwards. */
export interface Progress {
  state: 'waiting' | 'answering' | 'done' | 'failed' | 'stopped'
  answer: Answer
  status?: number
  headers: Record<string, string>
  firstTokenMs?: number
  totalMs?: number
}

export const BEGUN: Progress = { state: 'waiting', answer: NOTHING, headers: {} }

/** Sends a chat as a client would, and tells how it goes. Aborting ends it where it is. */
export async function send(dialect: Dialect, chat: Chat, clientKey: string, signal: AbortSignal, tell: (progress: Progress) => void): Promise<void> {
  const { path, headers, body } = dialect.prepare(chat)
  const begun = performance.now()
  let progress = BEGUN
  const set = (change: Partial<Progress>) => tell((progress = { ...progress, ...change }))
  const slots = new Map<number, number>()
  const take = (pieces: Piece[]) => {
    if (pieces.length === 0) return
    const answer = pieces.reduce((answer, piece) => add(answer, piece, slots), progress.answer)
    const heard = pieces.some((piece) => piece.kind === 'text' || piece.kind === 'reasoning' || piece.kind === 'call')
    set({ answer, ...(heard && progress.firstTokenMs === undefined ? { firstTokenMs: performance.now() - begun } : {}) })
  }
  try {
    const credentials: Record<string, string> = clientKey ? { authorization: `Bearer ${clientKey}` } : {}
    const response = await play(path, { headers: { ...headers, ...credentials }, body: JSON.stringify(body), signal })
    set({ state: 'answering', status: response.status, headers: ours(response.headers) })
    if (!response.ok) take([{ kind: 'fault', message: await errorOf(response) }])
    else if (chat.stream && response.body) await readStream(response.body, dialect, take)
    else take(dialect.whole((await response.json()) as Json))
    set({ state: progress.answer.fault === undefined ? 'done' : 'failed', totalMs: performance.now() - begun })
  } catch (error) {
    if (signal.aborted) return set({ state: 'stopped', totalMs: performance.now() - begun })
    take([{ kind: 'fault', message: `The connection failed: ${error instanceof Error ? error.message : String(error)}` }])
    set({ state: 'failed', totalMs: performance.now() - begun })
  }
}

async function readStream(stream: ReadableStream<Uint8Array>, dialect: Dialect, take: (pieces: Piece[]) => void) {
  const frames = dialect.frames === 'sse' ? new SseFrames() : new NdjsonFrames()
  const decoder = new TextDecoder()
  const reader = stream.getReader()
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    take(frames.push(decoder.decode(value, { stream: true })).flatMap((frame) => piecesOf(dialect, frame)))
  }
  take([...frames.push(decoder.decode()), ...frames.finish()].flatMap((frame) => piecesOf(dialect, frame)))
}

function piecesOf(dialect: Dialect, frame: string): Piece[] {
  if (frame === '[DONE]') return []
  return dialect.pieces(JSON.parse(frame) as Json)
}

/** The headers in which Trunkline says what it did. */
function ours(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('x-trunkline-') || name === 'x-request-id'))
}

/** The sentence in an error's body, whose place every dialect has elsewhere. */
async function errorOf(response: Response): Promise<string> {
  const body = await response.text()
  try {
    const { error, message, detail } = JSON.parse(body) as Record<string, unknown>
    const inner = typeof error === 'object' && error !== null ? (error as Record<string, unknown>).message : error
    const said = [inner, message, detail].find((words) => typeof words === 'string')
    if (said) return String(said)
  } catch {
    // It is no JSON: told as it is.
  }
  return body.slice(0, 500) || `${response.status} ${response.statusText}`
}
