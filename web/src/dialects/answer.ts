import type { Call, Piece } from './types'

/** An answer as far as it has come. */
export interface Answer {
  text: string
  reasoning: string
  calls: Call[]
  input?: number
  output?: number
  cached?: number
  stop?: string
  fault?: string
}

export const NOTHING: Answer = { text: '', reasoning: '', calls: [] }

/** The answer with one more piece. `slots` remembers which call has which index. */
export function add(answer: Answer, piece: Piece, slots: Map<number, number>): Answer {
  switch (piece.kind) {
    case 'text':
      return { ...answer, text: answer.text + piece.text }
    case 'reasoning':
      return { ...answer, reasoning: answer.reasoning + piece.text }
    case 'call':
      return { ...answer, calls: withCall(answer.calls, piece, slots) }
    case 'usage':
      return { ...answer, input: piece.input ?? answer.input, output: piece.output ?? answer.output, cached: piece.cached ?? answer.cached }
    case 'stop':
      return { ...answer, stop: piece.reason }
    case 'fault':
      return { ...answer, fault: piece.message }
  }
}

function withCall(calls: Call[], piece: Piece & { kind: 'call' }, slots: Map<number, number>): Call[] {
  const at = piece.index === null ? undefined : slots.get(piece.index)
  const old = at === undefined ? undefined : calls[at]
  if (at === undefined || !old) {
    if (piece.index !== null) slots.set(piece.index, calls.length)
    return [...calls, { id: piece.id ?? `call_${calls.length + 1}`, name: piece.name ?? '', arguments: piece.arguments ?? '' }]
  }
  return calls.with(at, { id: piece.id ?? old.id, name: piece.name || old.name, arguments: old.arguments + (piece.arguments ?? '') })
}
