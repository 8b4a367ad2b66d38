import type { Schemas } from '@/api/client'
import { counted } from '@/format/number'
import { Card } from '@/ui/card'
import { Code } from '@/ui/copy'

/** What was asked and answered, where that is kept. */
export function Bodies({ row }: { row: Schemas['RequestDetail'] }) {
  if (row.request_body == null && row.response_body == null) {
    return (
      <Card title="Bodies">
        <p className="text-[13px] text-muted">
          What was said is not kept. To keep it for a while, say so under <code className="font-mono text-xs">[ledger.bodies]</code> in the config.
        </p>
      </Card>
    )
  }
  return (
    <div className="flex flex-col gap-2">
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Kept title="Request body" body={row.request_body} />
        <Kept title="Response body" body={row.response_body} />
      </div>
      {row.redacted > 0 && <p className="text-xs text-muted">{counted(row.redacted, 'secret')} taken out before this was kept.</p>}
    </div>
  )
}

function Kept({ title, body }: { title: string; body: Schemas['Body'] | null }) {
  return (
    <Card title={title} note={body?.cut && 'Only its beginning is kept.'}>
      {body ? <Code label={`the ${title.toLowerCase()}`} text={pretty(body.text)} /> : <p className="text-[13px] text-muted">There was none, or it is not kept.</p>}
    </Card>
  )
}

/** What was cut short, or is a stream, is no JSON: it is shown as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
