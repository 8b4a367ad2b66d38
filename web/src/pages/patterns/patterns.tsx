import { useQuery } from '@tanstack/react-query'
import { Plus, Regex } from 'lucide-react'
import { useMemo } from 'react'
import { Link } from 'wouter'
import type { Schemas } from '@/api/client'
import { patterns } from '@/api/queries'
import { useDocumentReadOnly } from '@/api/writable'
import { Badge, State } from '@/ui/badge'
import { ButtonLink } from '@/ui/button'
import { Card } from '@/ui/card'
import { Page } from '@/ui/page'
import { Answered, Empty, Lines } from '@/ui/states'
import { DataTable, type Column } from '@/ui/table'
import { TryIt } from './try-it'

type Pattern = Schemas['Pattern']
const href = (row: Pattern) => `/patterns/${encodeURIComponent(row.name)}`

export function Patterns() {
  const readOnly = useDocumentReadOnly()
  const question = useQuery(patterns)
  const columns = useMemo(columnsOf, [])
  const add = (
    <ButtonLink href="/patterns/new" kind="primary" icon={Plus} blocked={readOnly}>
      Add pattern
    </ButtonLink>
  )
  return (
    <Page title="Patterns" note="Where tool calls stand in the text of models that write them in a way of their own. Well-known ways are found without a pattern." actions={add}>
      <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_28rem]">
        <Card flush>
          <Answered question={question} waiting={<Lines count={4} tall />}>
            {(rows) => (
              <DataTable
                label="Patterns"
                rows={rows}
                columns={columns}
                id={(row) => row.name}
                href={href}
                search="Search by name or expression"
                sort={{ id: 'priority', desc: true }}
                empty={
                  <Empty icon={Regex} title="No patterns" action={add}>
                    Add one when a model writes calls that clients get as text.
                  </Empty>
                }
              />
            )}
          </Answered>
        </Card>
        <TryIt pattern={null} note="Tries all patterns that are in use, in their order." />
      </div>
    </Page>
  )
}

function columnsOf(): Column<Pattern>[] {
  return [
    {
      id: 'name',
      header: 'Pattern',
      value: (row) => `${row.name} ${row.regex}`,
      cell: (row) => (
        <div className="min-w-40">
          <span className="flex items-center gap-2">
            <Link href={href(row)} className="font-medium hover:text-accent hover:underline">
              {row.name}
            </Link>
            {row.source === 'built_in' && <Badge title="It ships with Trunkline; default_patterns = true puts all of them in use.">ships</Badge>}
          </span>
          <code className="block max-w-72 truncate font-mono text-2xs text-muted" title={row.regex}>
            {row.regex}
          </code>
        </div>
      ),
    },
    { id: 'tool', header: 'Tool', roomy: true, cell: (row) => <span className="text-muted">{row.tool_name ?? (row.tool_name_group ? `group ${row.tool_name_group}` : (row.tool_name_json_path ?? '–'))}</span> },
    { id: 'priority', header: 'Priority', right: true, value: (row) => row.priority, cell: (row) => row.priority },
    { id: 'state', header: 'State', value: (row) => String(row.enabled), cell: (row) => <State tone={row.enabled ? 'good' : 'neutral'}>{row.enabled ? 'In use' : 'Off'}</State> },
  ]
}
