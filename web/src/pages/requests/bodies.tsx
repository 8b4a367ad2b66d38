import type { Schemas } from '@/api/client'
import { Card } from '@/ui/card'
import { Code } from '@/ui/copy'

/** What was asked and answered, where that is kept. */
export function Bodies({ row }: { row: Schemas['RequestDetail'] }) {
  if (row.request_body == null && row.response_body == null) {
    return (
      <Card title="Bodies">
        <p className="text-[13px] text-muted">
          What was said is not kept. To keep it for a while, say so under <code className="font-mono text-xs">[ledger]</code> in the config.
        </p>
      </Card>
    )
  }
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Card title="Request body">{row.request_body == null ? <Unkept /> : <Code label="the request body" text={pretty(row.request_body)} />}</Card>
      <Card title="Response body">{row.response_body == null ? <Unkept /> : <Code label="the response body" text={pretty(row.response_body)} />}</Card>
    </div>
  )
}

function Unkept() {
  return <p className="text-[13px] text-muted">There was none, or it is not kept.</p>
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}
