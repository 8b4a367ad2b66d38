import { useQuery } from '@tanstack/react-query'
import { useState, type KeyboardEvent } from 'react'
import { useLocation } from 'wouter'
import { models, providers } from '@/api/queries'
import { cx } from '@/ui/classes'
import { Dialog } from '@/ui/dialog'
import { Input } from '@/ui/field'
import { PLACES } from './places'

interface Goal {
  label: string
  kind: string
  href: string
}

const SHOWN_MAX = 12

/** Ctrl K: goes to a page, a provider or a model by its name. */
export function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const [, go] = useLocation()
  const goals = useGoals()
  const wanted = text.toLowerCase().split(/\s+/)
  const shown = goals.filter((goal) => wanted.every((word) => `${goal.label} ${goal.kind}`.toLowerCase().includes(word))).slice(0, SHOWN_MAX)

  function choose(goal: Goal | undefined) {
    if (!goal) return
    onClose()
    go(goal.href)
  }
  function press(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      event.preventDefault()
      setAt((at + step + shown.length) % Math.max(1, shown.length))
    } else if (event.key === 'Enter') {
      choose(shown[at])
    }
  }

  return (
    <Dialog title="Go to" onClose={onClose}>
      <Input
        autoFocus
        role="combobox"
        aria-label="Page, provider or model"
        aria-expanded
        aria-controls="goals"
        aria-activedescendant={shown[at] ? `goal-${at}` : undefined}
        placeholder="Page, provider or model"
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={press}
      />
      <ul id="goals" role="listbox" aria-label="Goals" className="mt-2 flex h-96 flex-col overflow-auto">
        {shown.map((goal, index) => (
          <li
            key={goal.href}
            id={`goal-${index}`}
            role="option"
            aria-selected={index === at}
            onMouseEnter={() => setAt(index)}
            onClick={() => choose(goal)}
            className={cx('flex h-8 shrink-0 items-center gap-2 rounded-md px-2 text-[13px]', index === at && 'bg-accent-soft text-accent')}
          >
            <span className="min-w-0 flex-1 truncate">{goal.label}</span>
            <span className="text-xs text-muted">{goal.kind}</span>
          </li>
        ))}
        {shown.length === 0 && <li role="option" aria-selected={false} aria-disabled className="px-2 py-1 text-[13px] text-muted">Nothing is called that.</li>}
      </ul>
    </Dialog>
  )
}

function useGoals(): Goal[] {
  const known = { providers: useQuery(providers).data ?? [], models: useQuery(models).data ?? [] }
  return [
    ...PLACES.flatMap((group) => group.places.map(({ label, href }) => ({ label, href, kind: 'Page' }))),
    { label: 'Add a provider', href: '/providers/new', kind: 'Action' },
    { label: 'Add a model', href: '/models/new', kind: 'Action' },
    ...known.providers.map(({ name }) => ({ label: name, href: `/providers/${encodeURIComponent(name)}`, kind: 'Provider' })),
    ...known.models.map(({ name }) => ({ label: name, href: `/models/${encodeURIComponent(name)}`, kind: 'Model' })),
  ]
}
