import { DIALECTS } from '@/dialects/all'
import type { Dialect } from '@/dialects/types'
import { Button } from '@/ui/button'
import { Checkbox, Field, Input, Select, TextArea } from '@/ui/field'
import { KeyField } from './key-field'
import { readTools, SAMPLE_TOOLS, type Setup } from './setup'

interface SetupPanelProps {
  setup: Setup
  onChange: (setup: Setup) => void
  dialect: Dialect
  clientKey: string
  onClientKey: (key: string) => void
}

/** How it is asked: the client's dialect and what goes with every question. */
export function SetupPanel({ setup, onChange, dialect, clientKey, onClientKey }: SetupPanelProps) {
  const set = (change: Partial<Setup>) => onChange({ ...setup, ...change })
  const { takes } = dialect
  return (
    <section aria-label="Setup" className="flex flex-col gap-4 rounded-lg border border-line bg-surface p-4">
      <Field label="Client’s dialect" hint="As software that speaks it would ask. Who answers may speak another.">
        <Select value={setup.dialect} onChange={(event) => set({ dialect: event.target.value })}>
          {DIALECTS.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="System prompt">
        <TextArea rows={4} value={setup.system} onChange={(event) => set({ system: event.target.value })} />
      </Field>
      <div className="grid grid-cols-2 gap-3">
        <Field label="Temperature">
          <Input type="number" min={0} max={2} step={0.1} placeholder="not said" value={setup.temperature} onChange={(event) => set({ temperature: event.target.value })} />
        </Field>
        <Field label="Most tokens">
          <Input type="number" min={1} placeholder="not said" value={setup.maxTokens} onChange={(event) => set({ maxTokens: event.target.value })} />
        </Field>
      </div>
      <Checkbox label="Stream the answer" checked={setup.stream} onChange={(event) => set({ stream: event.target.checked })} />
      {takes.tools ? (
        <div className="flex flex-col gap-2">
          <Field label="Tools" hint="A JSON list of name, description and parameters. Nobody runs them: you answer their calls." error={readTools(setup.tools).wrong}>
            <TextArea mono rows={setup.tools ? 8 : 2} placeholder="none" value={setup.tools} onChange={(event) => set({ tools: event.target.value })} />
          </Field>
          {!setup.tools && (
            <div>
              <Button small onClick={() => set({ tools: SAMPLE_TOOLS })}>
                Put in a sample
              </Button>
            </div>
          )}
        </div>
      ) : (
        <p className="text-xs text-muted">{dialect.label} has no words for tools and images.</p>
      )}
      <KeyField value={clientKey} onChange={onClientKey} />
    </section>
  )
}
