import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Note } from '@/ui/states'
import type { SectionForm } from './use-section'

interface SaveBarProps {
  form: SectionForm
  action: string
  blocked: string | null
  /** Throws the change away and reads what is there now. */
  onReload: () => void
}

/** What is wrong with the whole, and the buttons; it stays in sight while there is something to save. */
export function SaveBar({ form, action, blocked, onReload }: SaveBarProps) {
  const wrong = Object.keys(form.errors).length
  return (
    <div className="sticky bottom-0 z-10 -mx-1 flex flex-col gap-2 border-t border-line bg-canvas px-1 py-3">
      {form.general.map((message) => (
        <Note key={message} tone="bad" role="alert">
          <span className="first-letter:uppercase">{message}</span>
        </Note>
      ))}
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" kind="primary" busy={form.busy} blocked={blocked ?? (form.dirty ? null : 'Nothing has changed.')}>
          {action}
        </Button>
        <Button blocked={form.dirty ? null : 'Nothing has changed.'} onClick={form.discard}>
          Discard
        </Button>
        <span role="status" className="text-xs text-muted">
          {blocked ?? (wrong > 0 ? `${wrong === 1 ? 'One field needs' : `${wrong} fields need`} another look.` : form.dirty ? 'Not saved yet.' : '')}
        </span>
      </div>
      {form.stale && (
        <Dialog
          title="Somebody else was faster"
          onClose={form.discard}
          footer={
            <>
              <Button onClick={onReload}>Discard mine, load theirs</Button>
              <Button kind="primary" onClick={() => form.save(true)}>
                Save mine on top
              </Button>
            </>
          }
        >
          <p className="text-[13px]">
            The configuration was changed while you were editing. Your change touches only the fields that you edited; on top of theirs it would replace those and leave the rest as it is now.
          </p>
        </Dialog>
      )}
    </div>
  )
}
