import { useQuery } from '@tanstack/react-query'
import { status } from '@/api/queries'
import { Button } from '@/ui/button'
import { Code } from '@/ui/copy'
import { Dialog } from '@/ui/dialog'
import { Note } from '@/ui/states'

/** A key that was just made: nobody can show it again. */
export function ShownOnce({ made, onClose }: { made: { name: string; key: string }; onClose: () => void }) {
  const base = useQuery(status).data?.base_url ?? `${window.location.origin}/v1`
  return (
    <Dialog firm title={`The key of ${made.name}`} onClose={onClose} footer={<Button kind="primary" onClick={onClose}>I have it</Button>}>
      <div className="flex flex-col gap-4">
        <Note tone="warn">Copy it now: Trunkline keeps only its hash, and this is the only time that it is shown.</Note>
        <Code label="the key" text={made.key} />
        <p className="text-[13px] text-muted">For most software two variables are enough:</p>
        <Code label="the variables" text={`export OPENAI_BASE_URL=${base}\nexport OPENAI_API_KEY=${made.key}`} />
      </div>
    </Dialog>
  )
}
