import { Trash2 } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { documentChanged } from '@/api/queries'
import { useDocumentReadOnly } from '@/api/writable'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/dialog'
import { complain, say } from '@/ui/toast'

interface RemoveProps {
  /** `model turbo` */
  what: string
  /** Where one goes when it is gone. */
  to: string
  send: () => Promise<unknown>
  /** What follows from it. */
  children: ReactNode
}

/** Takes a section out of the document, once somebody has said so twice. */
export function Remove({ what, to, send, children }: RemoveProps) {
  const readOnly = useDocumentReadOnly()
  const [, go] = useLocation()
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  async function remove() {
    setBusy(true)
    try {
      await send()
      say(`${what.charAt(0).toUpperCase()}${what.slice(1)} is removed.`)
      go(to)
      await documentChanged()
    } catch (error) {
      setAsking(false)
      complain(error)
    }
    setBusy(false)
  }
  return (
    <>
      <Button kind="danger" icon={Trash2} blocked={readOnly} onClick={() => setAsking(true)}>
        Remove
      </Button>
      {asking && (
        <Confirm title={`Remove ${what}?`} action="Remove" busy={busy} onConfirm={() => void remove()} onClose={() => setAsking(false)}>
          {children} A revision is kept, so that this can be taken back.
        </Confirm>
      )}
    </>
  )
}
