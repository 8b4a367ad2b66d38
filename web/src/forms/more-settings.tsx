import { useQuery } from '@tanstack/react-query'
import { configSchema } from '@/api/queries'
import { Card } from '@/ui/card'
import { Disclosure } from '@/ui/disclosure'
import { Answered } from '@/ui/states'
import { below, SchemaField } from './editors'
import { fieldsOf, sectionNode, type Node } from './schema'
import type { SectionForm } from './use-section'

interface MoreProps {
  form: SectionForm
  kind: 'providers' | 'models' | 'patterns'
  /** Fields that stand elsewhere on the page. */
  without: string[]
  readOnly: boolean
}

/** All other settings of a section, as the schema lists them. */
export function MoreSettings({ form, kind, without, readOnly }: MoreProps) {
  const schema = useQuery(configSchema)
  return (
    <Card flush>
      <Answered question={schema}>
        {(schema) => {
          const fields = fieldsOf(sectionNode(schema as Node, kind), without)
          const said = fields.filter((field) => form.values.section[field.key] !== undefined).length
          const wrong = fields.some((field) => below(form.errors, field.key))
          return (
            <Disclosure title="More settings" note={said > 0 ? `${said} set` : 'all as usual'} forced={wrong}>
              <div className="grid items-start gap-x-6 gap-y-5 border-t border-line p-4 md:grid-cols-2">
                {fields.map((field) => (
                  <SchemaField key={field.key} spec={field} readOnly={readOnly} value={form.values.section[field.key]} errors={below(form.errors, field.key)} onChange={(value) => form.set(field.key, value)} />
                ))}
              </div>
            </Disclosure>
          )
        }}
      </Answered>
    </Card>
  )
}
