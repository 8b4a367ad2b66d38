import { useCallback, useRef, useState } from 'react'
import { dialectOf } from '@/dialects/all'
import type { Turn } from '@/dialects/types'
import { BEGUN, send, type Progress } from './send'
import { chatOf, type Setup } from './setup'

/** One question and its answer. */
export interface Exchange {
  turn: Turn
  progress: Progress
}

/** A conversation with one model. */
export function useLane(setup: Setup, clientKey: string) {
  const [exchanges, setExchanges] = useState<Exchange[]>([])
  const running = useRef<AbortController>(null)
  const busy = exchanges.some(({ progress }) => progress.state === 'waiting' || progress.state === 'answering')

  const ask = useCallback(
    (model: string, turn: Turn) => {
      const control = new AbortController()
      running.current = control
      const before = exchanges
      const turns = [...turnsOf(before), turn]
      setExchanges([...before, { turn, progress: BEGUN }])
      void send(dialectOf(setup.dialect), chatOf(setup, model, turns), clientKey, control.signal, (progress) => setExchanges([...before, { turn, progress }]))
    },
    [exchanges, setup, clientKey],
  )
  return {
    exchanges,
    busy,
    ask,
    stop: () => running.current?.abort(),
    clear: () => {
      running.current?.abort()
      setExchanges([])
    },
  }
}

export type Lane = ReturnType<typeof useLane>

/** What the model is told of the conversation so far; questions that failed are not part of it. */
export function turnsOf(exchanges: Exchange[]): Turn[] {
  return exchanges
    .filter(({ progress }) => progress.state !== 'failed')
    .flatMap(({ turn, progress }): Turn[] => [turn, { role: 'assistant', text: progress.answer.text, calls: progress.answer.calls }])
}
