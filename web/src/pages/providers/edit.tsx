import { useQuery } from '@tanstack/react-query'
import { useLocation, useParams, useSearchParams } from 'wouter'
import { api, ifMatch, taken, type Schemas } from '@/api/client'
import { config, newestRevision, provider, providerTypes } from '@/api/queries'
import { useDocumentReadOnly } from '@/api/writable'
import { MoreSettings } from '@/forms/more-settings'
import { Remove } from '@/forms/remove'
import { SaveBar } from '@/forms/save-bar'
import { cleaned, type Section } from '@/forms/section'
import { useSection, type SectionForm } from '@/forms/use-section'
import { ButtonLink } from '@/ui/button'
import { Card } from '@/ui/card'
import { Field, Input } from '@/ui/field'
import { Page } from '@/ui/page'
import { Prose } from '@/ui/prose'
import { Answered, Lines, Note } from '@/ui/states'
import { keepSecrets, keysOf, withKeys } from './keys'
import { KeysField } from './keys-field'
import { ListedModels, LiveCard } from './live'
import { providerHref } from './providers'
import { whyFixed } from './source'
import { TestCard } from './test'
import { TypePicker } from './type-picker'

const ON_THE_PAGE = ['type', 'base_url', 'key', 'keys']
const UP = { href: '/providers', label: 'Providers' }


export function NewProvider() {
  const readOnly = useDocumentReadOnly()
  const [params] = useSearchParams()
  const document = useQuery(config)
  const start: Section = { type: params.get('type') ?? undefined, base_url: params.get('base_url') ?? undefined }
  return (
    <Page title="Add a provider" up={UP} note="Pick what it is, then paste its key or its address.">
      <Answered question={document}>{({ revision }) => <NewForm start={start} name={params.get('name') ?? params.get('type') ?? ''} revision={revision} readOnly={readOnly} />}</Answered>
    </Page>
  )
}

function NewForm({ start, name, revision, readOnly }: { start: Section; name: string; revision: string; readOnly: string | null }) {
  const [, go] = useLocation()
  const types = useQuery(providerTypes)
  const form = useSection({
    name,
    section: start,
    revision,
    newest: newestRevision,
    saved: 'The provider is in use.',
    onSaved: (name) => go(providerHref(name)),
    send: async ({ name, section, revision }) => taken(api.POST('/api/v1/providers', { params: { header: ifMatch(revision) }, body: { name, ...(await keepSecrets(name, section)) } })),
  })
  const type = types.data?.find((type) => type.type === form.values.section.type)
  function pick(next: Schemas['ProviderType']) {
    // A name that was only the type's follows the type.
    if (!form.values.name || types.data?.some(({ type }) => type === form.values.name)) form.setName(next.type)
    form.set('type', next.type)
  }
  return (
    <form onSubmit={(event) => (event.preventDefault(), form.save())} className="flex flex-col gap-4" noValidate>
      <Card title="What is it?">
        <Answered question={types}>{(types) => <TypePicker types={types} current={type?.type} onPick={pick} />}</Answered>
      </Card>
      {type && (
        <>
          <div className="grid items-start gap-4 lg:grid-cols-[1fr_22rem]">
            <Basics form={form} type={type} readOnly={Boolean(readOnly)} isNew />
            <TestCard blocked={readOnly} asked={() => ({ section: cleaned(form.values.section) })} />
          </div>
          <MoreSettings form={form} kind="providers" without={ON_THE_PAGE} readOnly={Boolean(readOnly)} />
          <SaveBar form={form} action="Add provider" blocked={readOnly ?? missing(form, type)} onReload={() => window.location.reload()} />
        </>
      )}
    </form>
  )
}

/** What has to be there before it can be saved. */
function missing(form: SectionForm, type: Schemas['ProviderType']): string | null {
  if (!form.values.name) return 'Give it a name first.'
  if (type.needs_base_url && !form.values.section.base_url) return 'Say where it is first.'
  return null
}

export function EditProvider() {
  const { name = '' } = useParams()
  const question = useQuery(provider(name))
  return (
    <Page title={name} up={UP} actions={question.data?.body.live.source === 'document' && <RemoveIt name={name} revision={question.data.revision} />}>
      <Answered question={question} waiting={<Lines count={8} tall />}>
        {({ body, revision }) => <EditForm key={revision} detail={body} revision={revision} reload={() => void question.refetch()} />}
      </Answered>
    </Page>
  )
}

function EditForm({ detail, revision, reload }: { detail: Schemas['ProviderDetail']; revision: string; reload: () => void }) {
  const { live, section } = detail
  const viewer = useDocumentReadOnly()
  const fixed = whyFixed(live.source)
  const blocked = viewer ?? fixed
  const types = useQuery(providerTypes)
  const type = types.data?.find(({ type }) => type === live.type)
  const form = useSection({
    name: live.name,
    section,
    revision,
    newest: newestRevision,
    saved: `Provider ${live.name} is saved.`,
    onSaved: reload,
    send: async ({ changes, revision }) =>
      taken(api.PATCH('/api/v1/providers/{name}', { params: { path: { name: live.name }, header: ifMatch(revision) }, body: await keepSecrets(live.name, changes) })),
  })
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_23rem]">
      <form onSubmit={(event) => (event.preventDefault(), form.save())} className="flex min-w-0 flex-col gap-4" noValidate>
        {fixed && (
          <Note tone="accent">
            <div className="flex flex-wrap items-center justify-between gap-2">
              {fixed}
              <ButtonLink small blocked={viewer} href={`/providers/new?type=${live.type}&name=${encodeURIComponent(live.name)}&base_url=${encodeURIComponent(live.base_url ?? '')}`}>
                Put it into the configuration
              </ButtonLink>
            </div>
          </Note>
        )}
        <Basics form={form} type={type} readOnly={Boolean(blocked)} />
        <MoreSettings form={form} kind="providers" without={ON_THE_PAGE} readOnly={Boolean(blocked)} />
        {!fixed && <SaveBar form={form} action="Save" blocked={viewer} onReload={reload} />}
      </form>
      <div className="flex min-w-0 flex-col gap-4">
        <LiveCard live={live} blocked={viewer} />
        <TestCard blocked={viewer} asked={() => (form.dirty ? { name: live.name, section: cleaned(form.values.section) } : { name: live.name })} />
        <ListedModels name={live.name} blocked={viewer} />
      </div>
    </div>
  )
}

interface BasicsProps {
  form: SectionForm
  type: Schemas['ProviderType'] | undefined
  readOnly: boolean
  isNew?: boolean
}

function Basics({ form, type, readOnly, isNew }: BasicsProps) {
  const { section } = form.values
  return (
    <Card title={type ? type.label : 'Provider'} note={type?.hint && <Prose text={type.hint} />}>
      <div className="flex flex-col gap-4">
        {isNew && (
          <Field label="Name" required error={form.errors.name} hint="What models of it are called by: NAME/MODEL.">
            <Input value={form.values.name} readOnly={readOnly} onChange={(event) => form.setName(event.target.value)} />
          </Field>
        )}
        <Field
          label="Base URL"
          required={type?.needs_base_url}
          error={form.errors.base_url}
          hint={type?.default_base_url ? `Usually ${type.default_base_url}; state it only when it is somewhere else.` : 'With or without /v1; a longer path that was pasted is cut off.'}
        >
          <Input mono type="url" inputMode="url" readOnly={readOnly} placeholder={type?.default_base_url ?? 'http://127.0.0.1:8000/v1'} value={String(section.base_url ?? '')} onChange={(event) => form.set('base_url', event.target.value || undefined)} />
        </Field>
        <KeysField
          keys={keysOf(section)}
          readOnly={readOnly}
          error={form.errors.key ?? form.errors.keys ?? Object.entries(form.errors).find(([path]) => path.startsWith('keys.'))?.[1]}
          onChange={(keys) => {
            const next = withKeys(keys)
            form.set('key', next.key)
            form.set('keys', next.keys)
          }}
        />
      </div>
    </Card>
  )
}

function RemoveIt({ name, revision }: { name: string; revision: string }) {
  return (
    <Remove what={`provider ${name}`} to="/providers" send={() => taken(api.DELETE('/api/v1/providers/{name}', { params: { path: { name }, header: ifMatch(revision) } }))}>
      Requests that it is serving may finish. Models that have targets at it must be changed first.
    </Remove>
  )
}
