import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api, ifMatch, taken, type Schemas } from '@/api/client'
import { documentChanged } from '@/api/queries'
import { ApiError, sentenceOf } from '@/api/problem'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Diff } from '@/ui/diff'
import { Field, Input } from '@/ui/field'
import { Note } from '@/ui/states'
import { say } from '@/ui/toast'

interface ReviewProps {
  plan: Schemas['Plan']
  document: string
  revision: string
  onClose: () => void
  onApplied: () => void
}

const TONES = { add: 'good', change: 'accent', remove: 'bad' } as const

/** What would change, before it does. */
export function Review({ plan, document, revision, onClose, onApplied }: ReviewProps) {
  const [note, setNote] = useState('')
  const apply = useMutation({
    mutationFn: () => taken(api.PUT('/api/v1/config', { params: { header: ifMatch(revision) }, body: { document, ...(note.trim() ? { note: note.trim() } : {}) } })),
    onSuccess: async () => {
      say('The new configuration is in use. Open requests finish on the one before.')
      onApplied()
      await documentChanged()
    },
  })
  const stale = apply.error instanceof ApiError && apply.error.stale
  return (
    <Dialog
      wide
      title="Review changes"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Keep editing</Button>
          <Button kind="primary" busy={apply.isPending} blocked={stale ? 'Somebody else was faster.' : null} onClick={() => apply.mutate()}>
            Apply
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {plan.changes.length > 0 && (
          <ul className="flex flex-col gap-1 text-[13px]">
            {plan.changes.map((change) => (
              <li key={change.kind + change.path} className="flex flex-wrap items-baseline gap-2">
                <Badge tone={TONES[change.kind]}>{change.kind}</Badge>
                <code className="font-mono text-xs">{change.path}</code>
                <span className="text-muted">{change.summary}</span>
              </li>
            ))}
          </ul>
        )}
        {plan.diff ? <Diff text={plan.diff} /> : <Note>This changes nothing.</Note>}
        <Field label="Why" hint="Kept with the revision; for whoever looks later.">
          <Input value={note} maxLength={200} onChange={(event) => setNote(event.target.value)} />
        </Field>
        {stale && (
          <Note tone="warn" role="alert">
            Somebody else saved the configuration while you were editing. Copy your text, discard it, and make the change again on top of theirs.
          </Note>
        )}
        {apply.error && !stale && <Note tone="bad" role="alert">{sentenceOf(apply.error)}</Note>}
      </div>
    </Dialog>
  )
}
