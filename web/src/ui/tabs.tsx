import { useRef, type KeyboardEvent } from 'react'
import { cx } from './classes'

interface TabsProps<T extends string> {
  label: string
  tabs: { id: T; label: string; count?: number }[]
  current: T
  onChange: (id: T) => void
}

/** Tabs as ARIA has them: one stop of the Tab key, arrows go between. Whoever uses them gives the panel `role="tabpanel"`. */
export function Tabs<T extends string>({ label, tabs, current, onChange }: TabsProps<T>) {
  const ref = useRef<HTMLDivElement>(null)
  function move(event: KeyboardEvent) {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (!step) return
    const at = tabs.findIndex((tab) => tab.id === current)
    const next = tabs[(at + step + tabs.length) % tabs.length]
    if (!next) return
    onChange(next.id)
    ref.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus()
  }
  return (
    <div ref={ref} role="tablist" aria-label={label} onKeyDown={move} className="flex gap-1 overflow-x-auto overflow-y-hidden border-b border-line">
      {tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          data-tab={tab.id}
          aria-selected={tab.id === current}
          tabIndex={tab.id === current ? 0 : -1}
          onClick={() => onChange(tab.id)}
          className={cx(
            '-mb-px border-b-2 px-2.5 py-1.5 text-[13px] font-medium whitespace-nowrap -outline-offset-2',
            tab.id === current ? 'border-accent text-ink' : 'border-transparent text-muted hover:text-ink',
          )}
        >
          {tab.label}
          {tab.count !== undefined && <span className="nums ml-1.5 text-faint">{tab.count}</span>}
        </button>
      ))}
    </div>
  )
}

interface ChoiceProps<T extends string> {
  label: string
  options: { id: T; label: string }[]
  current: T
  onChange: (id: T) => void
}

/** One of a few, all of them in sight. */
export function Choice<T extends string>({ label, options, current, onChange }: ChoiceProps<T>) {
  return (
    <div role="group" aria-label={label} className="inline-flex w-fit max-w-full flex-wrap rounded-md border border-edge bg-raised p-0.5">
      {options.map((option) => (
        <button
          key={option.id}
          type="button"
          aria-pressed={option.id === current}
          onClick={() => onChange(option.id)}
          className={cx(
            'h-6.5 rounded px-2.5 text-xs font-medium whitespace-nowrap',
            option.id === current ? 'bg-accent-soft text-accent' : 'text-muted hover:text-ink',
          )}
        >
          {option.label}
        </button>
      ))}
    </div>
  )
}
