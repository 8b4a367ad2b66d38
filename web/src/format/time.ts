/** Times are shown in the viewer's zone, in words that sort: 24 hours, the day only when it is not today. */
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' })

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone

export function timeOfDay(at: string): string {
  return clock.format(new Date(at))
}

export function dayOf(at: string): string {
  return day.format(new Date(at))
}

/** With date and zone, for titles. */
export function fullTime(at: string): string {
  return full.format(new Date(at))
}

/** `just now`, `5 min ago`, `3 days ago` */
export function ago(at: string, now: number): string {
  const seconds = Math.round((now - Date.parse(at)) / 1000)
  if (seconds < 0) return `in ${span(-seconds * 1000)}`
  if (seconds < 10) return 'just now'
  return `${span(seconds * 1000)} ago`
}

/** The largest unit of a length of time, and the next one where it matters: `42 s`, `3 min`, `1 h 5 min`, `2 days`. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return minutes < 10 && seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 && hours < 10 ? `${hours} h ${minutes % 60} min` : `${hours} h`
  return `${Math.floor(hours / 24)} days`
}

/** A latency: `820 ms`, `2.4 s`, `1 min 5 s`. */
export function latency(us: number | null | undefined): string {
  if (us == null) return '–'
  if (us < 1_000) return `${us} µs`
  if (us < 10_000) return `${(us / 1_000).toFixed(1)} ms`
  if (us < 1_000_000) return `${Math.round(us / 1_000)} ms`
  if (us < 60_000_000) return `${(us / 1_000_000).toFixed(us < 10_000_000 ? 2 : 1)} s`
  return span(us / 1_000)
}
