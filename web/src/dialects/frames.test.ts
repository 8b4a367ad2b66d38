import { describe, expect, it } from 'vitest'
import { NdjsonFrames, SseFrames, type Frames } from './frames'

/** The frames of a text, however it is cut. */
function framesOf(make: () => Frames, text: string, size: number): string[] {
  const frames = make()
  const found: string[] = []
  for (let at = 0; at < text.length; at += size) found.push(...frames.push(text.slice(at, at + size)))
  return [...found, ...frames.finish()]
}

describe('server-sent events', () => {
  const cases: [string, string, string[]][] = [
    ['data of one line', 'data: {"a":1}\n\ndata: {"b":2}\n\n', ['{"a":1}', '{"b":2}']],
    ['carriage returns', 'event: x\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n', ['1', '2']],
    ['carriage returns alone', 'data: 1\r\rdata: 2\r\r', ['1', '2']],
    ['data of several lines', 'data: {\ndata: }\n\n', ['{\n}']],
    ['comments and other fields are no data', ': ping\n\nid: 7\nretry: 5\n\ndata: 1\n\n', ['1']],
    ['no space behind the colon', 'data:1\n\n', ['1']],
    ['an end without an empty line', 'data: 1\n\ndata: 2', ['1', '2']],
    ['an end between the halves of a line end', 'data: 1\r\n\r', ['1']],
  ]
  it.each(cases)('%s', (_, text, expected) => {
    for (const size of [1, 2, 3, 7, 1000]) expect(framesOf(() => new SseFrames(), text, size), `in pieces of ${size}`).toEqual(expected)
  })

  it('refuses a frame that does not end', () => {
    const frames = new SseFrames()
    expect(() => frames.push('x'.repeat((8 << 20) + 1))).toThrow('too long')
  })
})

describe('a JSON a line', () => {
  it('is cut at line ends, wherever the pieces end', () => {
    for (const size of [1, 3, 100]) expect(framesOf(() => new NdjsonFrames(), '{"a":1}\n\n{"b":2}\r\n{"c":3}', size).map((line) => line.trim())).toEqual(['{"a":1}', '{"b":2}', '{"c":3}'])
  })
})
