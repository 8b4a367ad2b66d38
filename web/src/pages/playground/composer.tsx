import { ImagePlus, SendHorizontal, Square, X } from 'lucide-react'
import { useRef, useState, type ChangeEvent, type FormEvent } from 'react'
import type { Dialect, Image, Turn } from '@/dialects/types'
import { base64Of } from '@/format/base64'
import { Button, IconButton } from '@/ui/button'
import { TextArea } from '@/ui/field'
import { complain } from '@/ui/toast'

/** Larger pictures are refused by most providers, and by the body limit before them. */
const IMAGE_BYTES_MAX = 10 << 20

interface ComposerProps {
  dialect: Dialect
  busy: boolean
  blocked: string | null
  onSend: (turn: Turn) => void
  onStop: () => void
}

export function Composer({ dialect, busy, blocked, onSend, onStop }: ComposerProps) {
  const [text, setText] = useState('')
  const [images, setImages] = useState<Image[]>([])
  const files = useRef<HTMLInputElement>(null)
  const why = blocked ?? (text.trim() === '' ? 'Write something first.' : null)

  function submit(event: FormEvent) {
    event.preventDefault()
    if (why || busy) return
    onSend({ role: 'user', text: text.trim(), images: dialect.takes.images ? images : [] })
    setText('')
    setImages([])
  }
  async function attach(event: ChangeEvent<HTMLInputElement>) {
    const chosen = [...(event.target.files ?? [])]
    event.target.value = ''
    if (chosen.some((file) => file.size > IMAGE_BYTES_MAX)) return complain(new Error('A picture may have 10 MiB at most.'))
    const read = await Promise.all(chosen.map(async (file) => ({ mime: file.type, base64: base64Of(new Uint8Array(await file.arrayBuffer())) })))
    setImages((before) => [...before, ...read])
  }

  return (
    <form onSubmit={submit} className="sticky bottom-3 flex flex-col gap-2 rounded-lg border border-edge bg-raised p-2 shadow-sm">
      {images.length > 0 && (
        <ul className="flex flex-wrap gap-2">
          {images.map((image, at) => (
            <li key={at} className="relative">
              <img src={`data:${image.mime};base64,${image.base64}`} alt={`Attached picture ${at + 1}`} className="h-16 rounded border border-line" />
              <button type="button" aria-label={`Remove picture ${at + 1}`} onClick={() => setImages(images.filter((_, other) => other !== at))} className="absolute -top-1.5 -right-1.5 rounded-full border border-line bg-raised p-0.5 text-muted hover:text-ink">
                <X size={12} aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
      <TextArea
        aria-label="Message"
        rows={2}
        placeholder="Ask something. Enter sends, Shift Enter begins a new line."
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) submit(event)
        }}
        className="max-h-60 min-h-14 resize-y border-transparent hover:border-transparent"
      />
      <div className="flex items-center gap-2">
        {dialect.takes.images && (
          <>
            <input ref={files} type="file" accept="image/*" multiple hidden onChange={(event) => void attach(event).catch(complain)} />
            <IconButton label="Attach pictures" icon={ImagePlus} onClick={() => files.current?.click()} />
          </>
        )}
        <span className="flex-1" />
        {busy ? (
          <Button icon={Square} onClick={onStop}>
            Stop
          </Button>
        ) : (
          <Button type="submit" kind="primary" icon={SendHorizontal} blocked={why}>
            Send
          </Button>
        )}
      </div>
    </form>
  )
}
