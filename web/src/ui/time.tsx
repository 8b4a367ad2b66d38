import { useSyncExternalStore } from 'react'
import { ago, fullTime, span, timeOfDay } from '@/format/time'

// One clock for the page: a timer for each time on it would be hundreds.
let now = Date.now()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void) {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    listeners.forEach((tell) => tell())
  }, 1_000)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

/** The present, to the second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

const HOUR_MS = 3_600_000

/** When the present hour began: for figures that are asked for by the hour. */
export function useHour(): number {
  return useSyncExternalStore(subscribe, () => Math.floor(now / HOUR_MS) * HOUR_MS)
}

/** How long ago something was; when exactly stands in its title. */
export function Ago({ at }: { at: string }) {
  return (
    <time dateTime={at} title={fullTime(at)} className="whitespace-nowrap">
      {ago(at, useNow())}
    </time>
  )
}

export function Clock({ at }: { at: string }) {
  return (
    <time dateTime={at} title={fullTime(at)} className="nums whitespace-nowrap">
      {timeOfDay(at)}
    </time>
  )
}

/** Counts down to a moment. Just behind it nobody has looked again yet. */
export function Countdown({ to }: { to: string }) {
  const left = Date.parse(to) - useNow()
  return (
    <time dateTime={to} title={fullTime(to)} className="nums whitespace-nowrap">
      {left > 0 ? span(left) : 'a moment'}
    </time>
  )
}
