import { expect, it } from 'vitest'
import { base64Of } from './base64'
import { dollars, perMillion, usd } from './money'
import { bytes, counted, percent, short } from './number'
import { outcomeWords } from './outcome'
import { ago, latency, span } from './time'

it.each([
  ['0', '$0'],
  ['0.000312', '$0.000312'],
  ['0.0123', '$0.0123'],
  ['0.000000001', '<$0.000001'],
  ['0.5', '$0.50'],
  ['12.3456', '$12.35'],
  ['12345.6', '$12,346'],
])('%s USD is shown as %s', (amount, shown) => expect(usd(amount)).toBe(shown))

it('unknown is not nothing', () => {
  expect(usd(null)).toBe('unknown')
  expect(perMillion(0)).toBe('free')
  expect(perMillion(null)).toBe('–')
  expect(dollars(3)).toBe('$3.00')
})

it('numbers are short where they are long', () => {
  expect([short(9_999), short(12_345), short(5_900_000)]).toEqual(['9,999', '12.3K', '5.9M'])
  expect([percent(0, 0), percent(1, 3), percent(1, 2_000), percent(17, 1000), percent(5, 5)]).toEqual(['0%', '33%', '<0.1%', '1.7%', '100%'])
  expect([counted(1, 'model'), counted(2, 'model')]).toEqual(['1 model', '2 models'])
  expect([bytes(12), bytes(2_048), bytes(3 << 20)]).toEqual(['12 B', '2.0 KiB', '3.0 MiB'])
})

it('times are told as people tell them', () => {
  expect([latency(800), latency(9_400), latency(820_000), latency(2_400_000), latency(65_000_000), latency(null)]).toEqual(['800 µs', '9.4 ms', '820 ms', '2.40 s', '1 min 5 s', '–'])
  expect([span(42_000), span(3_900_000), span(3 * 86_400_000)]).toEqual(['42 s', '1 h 5 min', '3 days'])
  const now = Date.parse('2026-11-22T10:00:00Z')
  expect([ago('2026-11-22T09:59:55Z', now), ago('2026-11-22T09:00:00Z', now), ago('2026-11-22T12:00:00Z', now)]).toEqual(['just now', '1 h ago', 'in 2 h'])
})

it('outcomes that nobody has words for are still read', () => expect([outcomeWords('client_left'), outcomeWords('some_new_fault')]).toEqual(['Client left', 'Some new fault']))

it('bytes become base64 whatever their number', () => {
  const bytes = new Uint8Array(100_000).map((_, at) => at % 256)
  expect(Uint8Array.from(atob(base64Of(bytes)), (letter) => letter.charCodeAt(0))).toEqual(bytes)
})
