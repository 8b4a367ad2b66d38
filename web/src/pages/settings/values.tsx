import { useQuery } from '@tanstack/react-query'
import { Eye, EyeOff, Search } from 'lucide-react'
import { useState } from 'react'
import { api, taken, type Schemas } from '@/api/client'
import { settings } from '@/api/queries'
import { useReadOnly } from '@/api/session'
import { sentence } from '@/format/outcome'
import { Badge } from '@/ui/badge'
import { IconButton } from '@/ui/button'
import { Card } from '@/ui/card'
import { CopyButton } from '@/ui/copy'
import { Input } from '@/ui/field'
import { Answered, Empty } from '@/ui/states'
import { complain } from '@/ui/toast'

type Setting = Schemas['Setting']

export function ValuesTab() {
  const question = useQuery(settings)
  const [text, setText] = useState('')
  const wanted = text.toLowerCase()
  return (
    <div className="flex flex-col gap-4">
      <div className="relative">
        <Search size={14} className="pointer-events-none absolute top-2 left-2.5 text-faint" aria-hidden />
        <Input type="search" aria-label="Search settings" placeholder="Search settings" value={text} onChange={(event) => setText(event.target.value)} className="pl-8" />
      </div>
      <Answered question={question}>
        {({ groups }) => {
          const shown = groups.map((group) => ({ ...group, items: group.items.filter((item) => item.key.toLowerCase().includes(wanted)) })).filter((group) => group.items.length > 0)
          if (shown.length === 0) return <Empty title={`No setting has “${text}” in its name`} />
          return (
            <div className="grid items-start gap-4 xl:grid-cols-2">
              {shown.map((group) => (
                <Card key={group.name} title={sentence(group.name)} flush>
                  <ul>
                    {group.items.map((item) => (
                      <Line key={item.key} item={item} />
                    ))}
                  </ul>
                </Card>
              ))}
            </div>
          )
        }}
      </Answered>
    </div>
  )
}

const TONES = { default: 'neutral', document: 'accent', environment: 'good', argument: 'warn' } as const
const WORDS = { default: 'default', document: 'config', environment: 'environment', argument: 'argument' } as const

function Line({ item }: { item: Setting }) {
  const readOnly = useReadOnly()
  const [value, setValue] = useState<string | null>(null)
  async function reveal() {
    try {
      setValue((await taken(api.POST('/api/v1/settings/reveal', { body: { key: item.key } }))).value)
    } catch (error) {
      complain(error)
    }
  }
  return (
    <li className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-1.5 text-[13px] last:border-0">
      <code className="min-w-0 flex-1 basis-40 font-mono text-xs break-all">{item.key}</code>
      <span className="flex min-w-0 items-center gap-1">
        <code className="font-mono text-xs break-all text-muted">{value ?? item.value ?? 'not set'}</code>
        {value !== null && <CopyButton text={value} label={`Copy ${item.key}`} />}
        {item.secret && item.value !== null && (
          <IconButton
            small
            label={value === null ? `Reveal ${item.key}` : `Hide ${item.key}`}
            icon={value === null ? Eye : EyeOff}
            blocked={readOnly && 'Only an admin may see secrets.'}
            onClick={() => (value === null ? void reveal() : setValue(null))}
          />
        )}
      </span>
      <Badge tone={TONES[item.source]}>{WORDS[item.source]}</Badge>
    </li>
  )
}
