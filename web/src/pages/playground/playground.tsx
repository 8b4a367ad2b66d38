import { Columns2, Eraser, SlidersHorizontal, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useSearchParams } from 'wouter'
import { useQuery } from '@tanstack/react-query'
import { models } from '@/api/queries'
import { dialectOf } from '@/dialects/all'
import type { Turn } from '@/dialects/types'
import { Button, IconButton } from '@/ui/button'
import { Combobox } from '@/ui/combobox'
import { cx } from '@/ui/classes'
import { Field } from '@/ui/field'
import { Page } from '@/ui/page'
import { Composer } from './composer'
import { CopyAs } from './copy-as'
import { keptKey } from './key-field'
import { LaneView } from './lane'
import { INITIAL, type Setup } from './setup'
import { SetupPanel } from './setup-panel'
import { turnsOf, useLane, type Lane } from './use-lane'

export function Playground() {
  const [params] = useSearchParams()
  const names = useModelNames()
  const [setup, setSetup] = useState<Setup>(INITIAL)
  const [clientKey, setClientKey] = useState(keptKey)
  const [first, setFirst] = useState(params.get('model') ?? '')
  const [second, setSecond] = useState<string | null>(null)
  const [panel, setPanel] = useState(false)
  const lanes = [useLane(setup, clientKey), useLane(setup, clientKey)] as const
  const busy = lanes.some((lane) => lane.busy)
  const dialect = dialectOf(setup.dialect)

  // Somebody who comes without a model gets one to start with.
  useEffect(() => {
    if (!first && names[0]) setFirst(names[0].value)
  }, [first, names])

  function ask(turn: Turn) {
    lanes[0].ask(first, turn)
    if (second) lanes[1].ask(second, turn)
  }
  const clear = () => lanes.forEach((lane) => lane.clear())
  const blocked = !first || second === '' ? 'Choose a model first.' : null

  return (
    <Page
      title="Playground"
      actions={
        <>
          <Button icon={SlidersHorizontal} aria-expanded={panel} onClick={() => setPanel(!panel)} className="lg:hidden">
            Setup
          </Button>
          {second === null && (
            <Button icon={Columns2} onClick={() => setSecond('')}>
              Compare
            </Button>
          )}
          <CopyAs setup={setup} model={first} turns={turnsOf(lanes[0].exchanges)} />
          <Button icon={Eraser} blocked={lanes[0].exchanges.length === 0 ? 'Nothing was said yet.' : null} onClick={clear}>
            Clear
          </Button>
        </>
      }
    >
      <div className="grid items-start gap-4 lg:grid-cols-[17rem_minmax(0,1fr)]">
        <div className={cx('lg:sticky lg:top-4 lg:block', !panel && 'hidden')}>
          <SetupPanel setup={setup} onChange={setSetup} dialect={dialect} clientKey={clientKey} onClientKey={setClientKey} />
        </div>
        <div className="flex min-w-0 flex-col gap-3">
          <div className={cx('grid gap-3', second !== null && 'md:grid-cols-2')}>
            <Column lane={lanes[0]} model={first} onModel={setFirst} options={names} label={second === null ? 'Model' : 'First model'} onResults={(turn) => lanes[0].ask(first, turn)} onKey={setClientKey} />
            {second !== null && (
              <Column lane={lanes[1]} model={second} onModel={setSecond} options={names} label="Second model" onResults={(turn) => lanes[1].ask(second, turn)} onKey={setClientKey} onClose={() => (lanes[1].clear(), setSecond(null))} />
            )}
          </div>
          <Composer dialect={dialect} busy={busy} blocked={blocked} onSend={ask} onStop={() => lanes.forEach((lane) => lane.stop())} />
        </div>
      </div>
    </Page>
  )
}

interface ColumnProps {
  lane: Lane
  model: string
  onModel: (model: string) => void
  options: { value: string; note?: string }[]
  label: string
  onResults: (turn: Turn) => void
  onKey: (key: string) => void
  onClose?: () => void
}

function Column({ lane, model, onModel, options, label, onResults, onKey, onClose }: ColumnProps) {
  return (
    <section aria-label={label} className="flex min-h-[42vh] min-w-0 flex-col rounded-lg border border-line bg-surface">
      <div className="flex items-center gap-2 border-b border-line p-2">
        <Field label={label} hideLabel className="flex-1">
          <Combobox value={model} onChange={onModel} options={options} placeholder="Model, or provider/model" />
        </Field>
        {onClose && <IconButton label="Close the second model" icon={X} onClick={onClose} />}
      </div>
      <LaneView lane={lane} onResults={onResults} onKey={onKey} />
    </section>
  )
}

function useModelNames() {
  return (useQuery(models).data ?? []).map(({ name, source }) => ({ value: name, note: source === 'discovered' ? 'discovered' : undefined }))
}
