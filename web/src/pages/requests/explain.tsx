import { useMutation } from '@tanstack/react-query'
import { Route } from 'lucide-react'
import { api, taken, type Schemas } from '@/api/client'
import { sentenceOf } from '@/api/problem'
import { Button } from '@/ui/button'
import { Card } from '@/ui/card'
import { Note } from '@/ui/states'
import { Plan } from './plan'

/** What would become of the same request now. */
export function Explain({ row }: { row: Schemas['RequestDetail'] }) {
  const ask = useMutation({
    mutationFn: () => taken(api.POST('/api/v1/explain', { body: questionOf(row) })),
  })
  return (
    <Card
      title="The same request now"
      note="What Trunkline would do with it at this moment. Nobody is asked."
      actions={
        <Button small icon={Route} busy={ask.isPending} onClick={() => ask.mutate()}>
          Explain
        </Button>
      }
    >
      {ask.error && <Note tone="bad" role="alert">{sentenceOf(ask.error)}</Note>}
      {ask.data && <Plan plan={ask.data} />}
    </Card>
  )
}

function questionOf(row: Schemas['RequestDetail']): Schemas['Question'] {
  return {
    model: row.model ?? undefined,
    dialect: (row.dialect ?? undefined) as Schemas['Question']['dialect'],
    client_key: row.client_key ?? undefined,
    request: parsed(row.request_body?.text),
  }
}

/** A body that was cut short, or is none, says nothing. */
function parsed(body: string | undefined): Record<string, unknown> | undefined {
  if (!body) return undefined
  try {
    return JSON.parse(body) as Record<string, unknown>
  } catch {
    return undefined
  }
}
