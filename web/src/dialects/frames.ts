/** The longest frame that is waited for: a stream without an end of line must not fill the memory. */
const FRAME_CHARS_MAX = 8 << 20

/** Cuts a stream into the JSON texts of its frames, however it was cut on its way. */
export interface Frames {
  push(chunk: string): string[]
  /** What is left when the stream ends: a last frame whose end is missing. */
  finish(): string[]
}

/** Server-sent events. Comments and names of events say nothing here: each dialect's data says what it is. */
export class SseFrames implements Frames {
  private rest = ''
  private data: string[] = []

  push(chunk: string): string[] {
    this.rest += chunk
    if (this.rest.length > FRAME_CHARS_MAX) throw new Error('a frame of the stream is too long')
    const frames: string[] = []
    // A carriage return at the very end may be the first half of a line's end.
    for (let end = this.lineEnd(); end; end = this.lineEnd()) {
      const line = this.rest.slice(0, end.at)
      this.rest = this.rest.slice(end.at + end.length)
      this.line(line, frames)
    }
    return frames
  }

  finish(): string[] {
    const frames: string[] = []
    if (this.rest) this.line(this.rest.replace(/\r$/, ''), frames)
    this.rest = ''
    this.line('', frames)
    return frames
  }

  private lineEnd(): { at: number; length: number } | null {
    const at = this.rest.search(/[\r\n]/)
    if (at < 0) return null
    if (this.rest[at] === '\n') return { at, length: 1 }
    if (at === this.rest.length - 1) return null
    return { at, length: this.rest[at + 1] === '\n' ? 2 : 1 }
  }

  private line(line: string, frames: string[]) {
    if (line === '') {
      if (this.data.length > 0) frames.push(this.data.join('\n'))
      this.data = []
    } else if (line.startsWith('data:')) {
      this.data.push(line.slice(line[5] === ' ' ? 6 : 5))
    }
  }
}

/** One JSON text a line. */
export class NdjsonFrames implements Frames {
  private rest = ''

  push(chunk: string): string[] {
    this.rest += chunk
    if (this.rest.length > FRAME_CHARS_MAX) throw new Error('a frame of the stream is too long')
    const lines = this.rest.split('\n')
    this.rest = lines.pop() ?? ''
    return lines.filter((line) => line.trim() !== '')
  }

  finish(): string[] {
    const last = this.rest
    this.rest = ''
    return last.trim() === '' ? [] : [last]
  }
}
