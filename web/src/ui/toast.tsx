import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { useEffect, useSyncExternalStore } from 'react'
import { sentenceOf } from '@/api/problem'
import { IconButton } from './button'

/** How long a message stays; errors stay until they are closed. */
const STAYS_MS = 5_000

interface Toast {
  id: number
  text: string
  bad: boolean
}

let toasts: Toast[] = []
let next = 0
const listeners = new Set<() => void>()

function change(to: Toast[]) {
  toasts = to
  listeners.forEach((listener) => listener())
}

export function say(text: string) {
  change([...toasts.slice(-3), { id: next++, text, bad: false }])
}

export function complain(error: unknown) {
  change([...toasts.slice(-3), { id: next++, text: sentenceOf(error), bad: true }])
}

const dismiss = (id: number) => change(toasts.filter((toast) => toast.id !== id))

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => toasts)
  return (
    <div aria-live="polite" role="status" className="fixed right-4 bottom-4 z-50 flex max-w-[calc(100vw-2rem)] flex-col gap-2">
      {shown.map((toast) => (
        <Message key={toast.id} toast={toast} />
      ))}
    </div>
  )
}

function Message({ toast }: { toast: Toast }) {
  useEffect(() => {
    if (toast.bad) return
    const timer = setTimeout(() => dismiss(toast.id), STAYS_MS)
    return () => clearTimeout(timer)
  }, [toast])
  const Icon = toast.bad ? CircleAlert : CircleCheck
  return (
    <div className="flex w-96 max-w-full items-start gap-2 rounded-lg bg-raised py-2 pr-1.5 pl-3 text-[13px] shadow-(--shadow-pop)">
      <Icon size={16} className={toast.bad ? 'mt-0.5 text-bad' : 'mt-0.5 text-good'} aria-hidden />
      <p className="min-w-0 flex-1 py-0.5 break-words">{toast.text}</p>
      <IconButton small label="Dismiss" icon={X} onClick={() => dismiss(toast.id)} />
    </div>
  )
}
