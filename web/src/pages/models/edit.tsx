import { useQuery } from '@tanstack/react-query'
import { useLocation, useParams, useSearchParams } from 'wouter'
import { api, ifMatch, taken, type Schemas } from '@/api/client'
import { config, model, newestRevision } from '@/api/queries'
import { useDocumentReadOnly } from '@/api/writable'
import { MoreSettings } from '@/forms/more-settings'
import { Remove } from '@/forms/remove'
import { SaveBar } from '@/forms/save-bar'
import type { Section } from '@/forms/section'
import { useSection } from '@/forms/use-section'
import { ButtonLink } from '@/ui/button'
import { Page } from '@/ui/page'
import { Answered, Lines, Note } from '@/ui/states'
import { ModelBasics, ON_THE_PAGE } from './basics'
import { ModelSide } from './side'
import { modelHref } from './models'

const UP = { href: '/models', label: 'Models' }

export function NewModel() {
  const readOnly = useDocumentReadOnly()
  const [params] = useSearchParams()
  const document = useQuery(config)
  const [provider, upstream] = [params.get('provider') ?? '', params.get('model') ?? '']
  const start: Section = { targets: [{ provider, model: upstream }] }
  return (
    <Page title="Add a model" up={UP} note="A name for clients to ask for, and at least one target that serves it.">
      <Answered question={document}>{({ revision }) => <NewForm start={start} name={params.get('name') ?? shortName(upstream)} revision={revision} readOnly={readOnly} />}</Answered>
    </Page>
  )
}

/** `meta-llama/llama-3.3-70b` as `llama-3.3-70b`: what people would call it. */
function shortName(upstream: string): string {
  return upstream.split('/').at(-1)?.toLowerCase() ?? ''
}

function NewForm({ start, name, revision, readOnly }: { start: Section; name: string; revision: string; readOnly: string | null }) {
  const [, go] = useLocation()
  const form = useSection({
    name,
    section: start,
    revision,
    newest: newestRevision,
    saved: 'The model is offered.',
    onSaved: (name) => go(modelHref(name)),
    send: ({ name, section, revision }) => taken(api.POST('/api/v1/models', { params: { header: ifMatch(revision) }, body: { name, ...section } })),
  })
  return (
    <form onSubmit={(event) => (event.preventDefault(), form.save())} className="flex flex-col gap-4" noValidate>
      <ModelBasics form={form} readOnly={Boolean(readOnly)} isNew />
      <MoreSettings form={form} kind="models" without={ON_THE_PAGE} readOnly={Boolean(readOnly)} />
      {/* A form that was filled in by a link has not changed, but can be saved. */}
      <SaveBar form={{ ...form, dirty: true }} action="Add model" blocked={readOnly ?? (form.values.name ? null : 'Give it a name first.')} onReload={() => window.location.reload()} />
    </form>
  )
}

export function EditModel() {
  const { name = '' } = useParams()
  const question = useQuery(model(name))
  return (
    <Page
      title={name}
      up={UP}
      actions={
        <>
          <ButtonLink href={`/playground?model=${encodeURIComponent(name)}`}>Try it</ButtonLink>
          {question.data?.body.live.source === 'document' && <RemoveIt name={name} revision={question.data.revision} />}
        </>
      }
    >
      <Answered question={question} waiting={<Lines count={8} tall />}>
        {({ body, revision }) => <EditForm key={revision} detail={body} revision={revision} reload={() => void question.refetch()} />}
      </Answered>
    </Page>
  )
}

function EditForm({ detail, revision, reload }: { detail: Schemas['ModelDetail']; revision: string; reload: () => void }) {
  const { live, section } = detail
  const viewer = useDocumentReadOnly()
  const found = live.source === 'discovered'
  const readOnly = Boolean(viewer) || found
  const first = live.targets[0]
  const form = useSection({
    name: live.name,
    section,
    revision,
    newest: newestRevision,
    saved: `Model ${live.name} is saved.`,
    onSaved: reload,
    send: ({ changes, revision }) => taken(api.PATCH('/api/v1/models/{name}', { params: { path: { name: live.name }, header: ifMatch(revision) }, body: changes })),
  })
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_23rem]">
      <form onSubmit={(event) => (event.preventDefault(), form.save())} className="flex min-w-0 flex-col gap-4" noValidate>
        {found && (
          <Note tone="accent">
            <div className="flex flex-wrap items-center justify-between gap-2">
              A provider lists it; nobody declared it.
              <ButtonLink small blocked={viewer} href={`/models/new?name=${encodeURIComponent(live.name)}&provider=${encodeURIComponent(first?.provider ?? '')}&model=${encodeURIComponent(first?.model ?? '')}`}>
                Declare it
              </ButtonLink>
            </div>
          </Note>
        )}
        <ModelBasics form={form} readOnly={readOnly} />
        <MoreSettings form={form} kind="models" without={ON_THE_PAGE} readOnly={readOnly} />
        {!found && <SaveBar form={form} action="Save" blocked={viewer} onReload={reload} />}
      </form>
      <ModelSide live={live} />
    </div>
  )
}

function RemoveIt({ name, revision }: { name: string; revision: string }) {
  return (
    <Remove what={`model ${name}`} to="/models" send={() => taken(api.DELETE('/api/v1/models/{name}', { params: { path: { name }, header: ifMatch(revision) } }))}>
      Clients that ask for it are told that there is no such model.
    </Remove>
  )
}
