/** USD as the API gives it: decimal text, `null` where nobody knows. */
export type Usd = string | null | undefined

/** Money for people: two digits from a dollar on, three that say something below, and `unknown` for `null`. */
export function usd(amount: Usd): string {
  if (amount == null) return 'unknown'
  return dollars(Number(amount))
}

export function dollars(value: number): string {
  if (value === 0) return '$0'
  const size = Math.abs(value)
  if (size >= 1000) return `$${Math.round(value).toLocaleString('en')}`
  if (size >= 1) return `$${value.toFixed(2)}`
  if (size < 0.000001) return '<$0.000001'
  const digits = Math.min(9, 2 - Math.floor(Math.log10(size)))
  return `$${trimmed(value.toFixed(digits))}`
}

/** USD per million tokens. */
export function perMillion(price: number | null | undefined): string {
  return price == null ? '–' : price === 0 ? 'free' : `$${trimmed(price.toFixed(4))}`
}

function trimmed(text: string): string {
  // Two decimals at least: money without cents looks like a count.
  return text.replace(/(\.\d{2}\d*?)0+$/, '$1')
}
