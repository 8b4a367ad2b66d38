import { useQuery } from '@tanstack/react-query'
import { useLocation, useParams } from 'wouter'
import { api, ifMatch, taken, type Schemas } from '@/api/client'
import { config, configSchema, newestRevision, pattern } from '@/api/queries'
import { useDocumentReadOnly } from '@/api/writable'
import { below, SchemaField } from '@/forms/editors'
import { Remove } from '@/forms/remove'
import { SaveBar } from '@/forms/save-bar'
import { fieldsOf, sectionNode, type Node } from '@/forms/schema'
import { useSection, type SectionForm } from '@/forms/use-section'
import { Card } from '@/ui/card'
import { Field, Input, TextArea } from '@/ui/field'
import { Page } from '@/ui/page'
import { Answered, Lines, Note } from '@/ui/states'
import { TryIt } from './try-it'

const UP = { href: '/patterns', label: 'Patterns' }
const TRY_NOTE = 'Tries this pattern alone, as it stands in the form, saved or not.'

export function NewPattern() {
  const readOnly = useDocumentReadOnly()
  const document = useQuery(config)
  return (
    <Page title="Add a pattern" up={UP} note="A regular expression, and what its groups mean.">
      <Answered question={document}>{({ revision }) => <NewForm revision={revision} readOnly={readOnly} />}</Answered>
    </Page>
  )
}

function NewForm({ revision, readOnly }: { revision: string; readOnly: string | null }) {
  const [, go] = useLocation()
  const form = useSection({
    name: '',
    section: {},
    revision,
    newest: newestRevision,
    saved: 'The pattern is in use.',
    onSaved: () => go('/patterns'),
    send: ({ name, section, revision }) => taken(api.POST('/api/v1/patterns', { params: { header: ifMatch(revision) }, body: { name, ...section } })),
  })
  return <Editor form={form} action="Add pattern" blocked={readOnly ?? (form.values.name ? null : 'Give it a name first.')} readOnly={Boolean(readOnly)} onReload={() => window.location.reload()} isNew />
}

export function EditPattern() {
  const { name = '' } = useParams()
  const question = useQuery(pattern(name))
  return (
    <Page title={name} up={UP} actions={question.data?.body.live.source === 'document' && <RemoveIt name={name} revision={question.data.revision} />}>
      <Answered question={question} waiting={<Lines count={6} tall />}>
        {({ body, revision }) => <EditForm key={revision} detail={body} revision={revision} reload={() => void question.refetch()} />}
      </Answered>
    </Page>
  )
}

function EditForm({ detail, revision, reload }: { detail: Schemas['PatternDetail']; revision: string; reload: () => void }) {
  const viewer = useDocumentReadOnly()
  const { live, section } = detail
  const ships = live.source === 'built_in'
  const form = useSection({
    name: live.name,
    section,
    revision,
    newest: newestRevision,
    saved: `Pattern ${live.name} is saved.`,
    onSaved: reload,
    send: ({ changes, revision }) => taken(api.PATCH('/api/v1/patterns/{name}', { params: { path: { name: live.name }, header: ifMatch(revision) }, body: changes })),
  })
  return (
    <>
      {ships && <Note tone="accent">It ships with Trunkline. To change it, add a pattern of the same name: that one stands in its place.</Note>}
      <Editor form={form} action="Save" blocked={viewer ?? (ships ? 'It ships with Trunkline.' : null)} readOnly={Boolean(viewer) || ships} onReload={reload} />
    </>
  )
}

interface EditorProps {
  form: SectionForm
  action: string
  blocked: string | null
  readOnly: boolean
  onReload: () => void
  isNew?: boolean
}

function Editor({ form, action, blocked, readOnly, onReload, isNew }: EditorProps) {
  const schema = useQuery(configSchema)
  const { section } = form.values
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_28rem]">
      <form onSubmit={(event) => (event.preventDefault(), form.save())} noValidate className="flex min-w-0 flex-col gap-4">
        <Card>
          <div className="flex flex-col gap-4">
            {isNew && (
              <Field label="Name" required error={form.errors.name}>
                <Input value={form.values.name} onChange={(event) => form.setName(event.target.value)} />
              </Field>
            )}
            <Field label="Expression" required error={form.errors.regex} hint="As the Rust regex crate has them, where a dot is any character, line breaks too; no look-around, no back-references.">
              <TextArea mono rows={3} readOnly={readOnly} value={String(section.regex ?? '')} onChange={(event) => form.set('regex', event.target.value || undefined)} placeholder="\[EXECUTE:(\w+):([^\]]+)\]" />
            </Field>
          </div>
        </Card>
        <Card title="What it means">
          <Answered question={schema}>
            {(schema) => (
              <div className="grid items-start gap-x-6 gap-y-5 md:grid-cols-2">
                {fieldsOf(sectionNode(schema as Node, 'patterns'), ['name', 'regex']).map((field) => (
                  <SchemaField key={field.key} spec={field} readOnly={readOnly} value={section[field.key]} errors={below(form.errors, field.key)} onChange={(value) => form.set(field.key, value)} />
                ))}
              </div>
            )}
          </Answered>
        </Card>
        <SaveBar form={form} action={action} blocked={blocked} onReload={onReload} />
      </form>
      <TryIt pattern={section.regex ? { name: form.values.name || 'tried', ...section } : null} note={TRY_NOTE} />
    </div>
  )
}

function RemoveIt({ name, revision }: { name: string; revision: string }) {
  return (
    <Remove what={`pattern ${name}`} to="/patterns" send={() => taken(api.DELETE('/api/v1/patterns/{name}', { params: { path: { name }, header: ifMatch(revision) } }))}>
      Calls that only it finds reach clients as text again.
    </Remove>
  )
}
