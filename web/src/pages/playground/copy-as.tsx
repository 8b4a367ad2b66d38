import { useQuery } from '@tanstack/react-query'
import { CodeXml } from 'lucide-react'
import { useState } from 'react'
import { status } from '@/api/queries'
import { dialectOf } from '@/dialects/all'
import { LANGUAGES, snippet, type Language } from '@/dialects/snippets'
import type { Turn } from '@/dialects/types'
import { Button } from '@/ui/button'
import { Code } from '@/ui/copy'
import { Dialog } from '@/ui/dialog'
import { Choice } from '@/ui/tabs'
import { chatOf, type Setup } from './setup'

const HELLO: Turn = { role: 'user', text: 'Hello!', images: [] }

interface CopyAsProps {
  setup: Setup
  model: string
  turns: Turn[]
}

/** The same request as a program. */
export function CopyAs(props: CopyAsProps) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button icon={CodeXml} onClick={() => setOpen(true)}>
        Copy as…
      </Button>
      {open && <Snippet {...props} onClose={() => setOpen(false)} />}
    </>
  )
}

function Snippet({ setup, model, turns, onClose }: CopyAsProps & { onClose: () => void }) {
  const [language, setLanguage] = useState<Language>('curl')
  const base = useQuery(status).data?.base_url ?? window.location.origin
  const dialect = dialectOf(setup.dialect)
  // Up to the last question: what came back is no part of it.
  const asked = turns.at(-1)?.role === 'assistant' ? turns.slice(0, -1) : turns
  const prepared = dialect.prepare(chatOf(setup, model, asked.length > 0 ? asked : [HELLO]))
  return (
    <Dialog wide title={`The same in ${dialect.label}`} onClose={onClose}>
      <div className="flex flex-col gap-3">
        <Choice label="Language" options={LANGUAGES} current={language} onChange={setLanguage} />
        <p className="text-xs text-muted">
          It reads the client key from <code className="font-mono">TRUNKLINE_KEY</code>; any text will do where no key is asked for.
        </p>
        <Code label="the program" text={snippet(language, dialect, prepared, base.replace(/\/v1\/?$/, ''))} />
      </div>
    </Dialog>
  )
}
