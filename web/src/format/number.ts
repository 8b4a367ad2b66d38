const whole = new Intl.NumberFormat('en')
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** 12,345 */
export function count(n: number): string {
  return whole.format(n)
}

/** 12.3K: where room is short. */
export function short(n: number): string {
  return Math.abs(n) < 10_000 ? whole.format(Math.round(n)) : compact.format(n)
}

/** A share in per cent; small ones keep a digit, so that few errors do not look like none. */
export function percent(part: number, all: number): string {
  if (all === 0) return '0%'
  const share = (part / all) * 100
  if (share > 0 && share < 0.1) return '<0.1%'
  return `${share < 10 && share > 0 ? share.toFixed(1) : Math.round(share)}%`
}

/** `3 models`, `1 model` */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`
}

/** 1.2 KiB */
export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let at = 0
  while (n >= 1024 && at < units.length - 1) {
    n /= 1024
    at += 1
  }
  return `${at === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[at]}`
}
