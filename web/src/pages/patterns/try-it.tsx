import { useMutation } from '@tanstack/react-query'
import { FlaskConical } from 'lucide-react'
import { useState } from 'react'
import { api, taken, type Schemas } from '@/api/client'
import { sentenceOf } from '@/api/problem'
import { cleaned, type Section } from '@/forms/section'
import { counted } from '@/format/number'
import { latency } from '@/format/time'
import { Button } from '@/ui/button'
import { Card } from '@/ui/card'
import { Field, Input, TextArea } from '@/ui/field'
import { Note } from '@/ui/states'

const SAMPLE = 'I will look. [EXECUTE:shell:ls -la /tmp]'

/** What a pattern, or all of them, find in a text. */
export function TryIt({ pattern, note }: { pattern: Section | null; note: string }) {
  const [text, setText] = useState(SAMPLE)
  const [tools, setTools] = useState('')
  const names = tools.split(',').map((name) => name.trim()).filter(Boolean)
  const ask = useMutation({
    mutationFn: () => taken(api.POST('/api/v1/patterns/try', { body: { pattern: pattern && cleaned(pattern), text, ...(names.length > 0 ? { tools: names } : {}) } })),
  })
  return (
    <Card title="Try it" note={note}>
      <div className="flex flex-col gap-3">
        <Field label="What a model wrote">
          <TextArea mono rows={6} value={text} onChange={(event) => setText(event.target.value)} />
        </Field>
        <Field label="Tools that are offered" hint="Apart by commas; empty: any. What calls none of them stays text.">
          <Input mono value={tools} onChange={(event) => setTools(event.target.value)} />
        </Field>
        <div>
          <Button icon={FlaskConical} busy={ask.isPending} onClick={() => ask.mutate()}>
            Try
          </Button>
        </div>
        <div aria-live="polite">
          {ask.error && <Note tone="bad">{sentenceOf(ask.error)}</Note>}
          {ask.data && <Found tried={ask.data} />}
        </div>
      </div>
    </Card>
  )
}

function Found({ tried }: { tried: Schemas['PatternTried'] }) {
  if (tried.problems.length > 0) {
    return (
      <Note tone="bad">
        {tried.problems.map((problem) => (
          <p key={problem.message} className="first-letter:uppercase">{problem.message}</p>
        ))}
      </Note>
    )
  }
  return (
    <div className="flex flex-col gap-2 text-[13px]">
      <p className="text-muted">
        {tried.calls.length === 0 ? 'No call was found' : `${counted(tried.calls.length, 'call')} found`}, in {latency(tried.took_us)}.
      </p>
      {tried.calls.map((call, at) => (
        <pre key={at} tabIndex={0} aria-label={`Call ${at + 1}`} className="overflow-auto rounded-md border border-line bg-sunken p-2 font-mono text-xs">
          <span className="font-semibold text-accent">{call.name}</span> {JSON.stringify(call.arguments, null, 2)}
        </pre>
      ))}
      {tried.text && (
        <p>
          <span className="text-muted">What stays text: </span>“{tried.text}”
        </p>
      )}
    </div>
  )
}
