import { useMutation } from '@tanstack/react-query'
import { CircleCheck, CircleX, PlugZap } from 'lucide-react'
import { api, taken, type Schemas } from '@/api/client'
import { sentenceOf } from '@/api/problem'
import { sentence } from '@/format/outcome'
import { counted } from '@/format/number'
import { Button } from '@/ui/button'
import { Card } from '@/ui/card'
import { Note } from '@/ui/states'

type Tested = Schemas['ProviderTested']

export function useTest() {
  return useMutation({ mutationFn: (asked: Schemas['ProviderTest']) => taken(api.POST('/api/v1/providers/test', { body: asked })) })
}

interface TestCardProps {
  asked: () => Schemas['ProviderTest']
  blocked: string | null
}

/** Tries a provider as it stands in the form, saved or not. */
export function TestCard({ asked, blocked }: TestCardProps) {
  const test = useTest()
  return (
    <Card
      title="Test"
      note="Asks the provider as it stands in this form, saved or not."
      actions={
        <Button small icon={PlugZap} busy={test.isPending} blocked={blocked} onClick={() => test.mutate(asked())}>
          Test
        </Button>
      }
    >
      <div aria-live="polite">
        {test.error && <Note tone="bad">{sentenceOf(test.error)}</Note>}
        {test.data && <Steps tested={test.data} />}
        {!test.data && !test.error && <p className="text-[13px] text-muted">{test.isPending ? 'Asking…' : 'Address, connection, credentials and list of models. Costs nothing.'}</p>}
      </div>
    </Card>
  )
}

export function Steps({ tested }: { tested: Tested }) {
  return (
    <div className="flex flex-col gap-2 text-[13px]">
      <ol className="flex flex-col gap-1.5">
        {tested.steps.map((step) => {
          const Icon = step.ok ? CircleCheck : CircleX
          return (
            <li key={step.name} className="flex gap-2">
              <Icon size={15} className={`mt-0.5 shrink-0 ${step.ok ? 'text-good' : 'text-bad'}`} aria-label={step.ok ? 'Worked' : 'Failed'} />
              <span className="min-w-0 flex-1 break-words">
                <span className="font-medium">{sentence(step.name)}</span>
                {step.detail && <span className="block text-xs text-muted">{step.detail}</span>}
              </span>
              {step.ms != null && <span className="nums text-xs text-muted">{Math.round(step.ms)} ms</span>}
            </li>
          )
        })}
      </ol>
      <Note tone={tested.ok ? 'good' : 'bad'}>{tested.ok ? `It works, and lists ${counted(tested.models.length, 'model')}.` : 'It does not work yet: the step that failed says why.'}</Note>
    </div>
  )
}
