import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { IconButton } from './button'
import { complain } from './toast'

const CONFIRMED_MS = 1_500

function useCopy(text: string): [boolean, () => void] {
  const [done, setDone] = useState(false)
  useEffect(() => {
    if (!done) return
    const timer = setTimeout(() => setDone(false), CONFIRMED_MS)
    return () => clearTimeout(timer)
  }, [done])
  return [done, () => void write(text).then(() => setDone(true), complain)]
}

async function write(text: string) {
  // Browsers have a clipboard for pages only over TLS and on loopback.
  if (!navigator.clipboard) throw new Error('This browser lets pages copy only over HTTPS or on localhost; select the text and copy it yourself.')
  await navigator.clipboard.writeText(text)
}

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [done, copy] = useCopy(text)
  return <IconButton small label={done ? 'Copied' : label} icon={done ? Check : Copy} onClick={copy} />
}

/** Text to take along, with a button for it. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <div className="relative min-w-0 rounded-md border border-line bg-sunken">
      <pre tabIndex={0} aria-label={label} className="max-h-96 overflow-auto p-3 pr-10 font-mono text-xs leading-5 break-words whitespace-pre-wrap">
        {text}
      </pre>
      <div className="absolute top-1 right-1">
        <CopyButton text={text} label={`Copy ${label}`} />
      </div>
    </div>
  )
}
