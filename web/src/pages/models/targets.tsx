import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useRef, useState, type DragEvent } from 'react'
import { configSchema } from '@/api/queries'
import { below } from '@/forms/editors'
import { fieldsOf, sectionNode, type Node } from '@/forms/schema'
import { Button } from '@/ui/button'
import { Card } from '@/ui/card'
import { cx } from '@/ui/classes'
import { TargetRow } from './target-row'
import { move, remove, replace, targetsOf, tiersOf, type Place, type Target } from './tiers'

/** What a target says that is not in the list of more settings. */
const IN_THE_ROW = ['provider', 'model', 'priority', 'weight']

interface TargetsProps {
  targets: Target[]
  onChange: (targets: Target[]) => void
  strategy: string
  errors?: Record<string, string>
  readOnly: boolean
}

/** A model's targets in tiers; they are dragged, or moved with the arrow keys on their handles. */
export function Targets({ targets, onChange, strategy, errors, readOnly }: TargetsProps) {
  const tiers = tiersOf(targets)
  const [dragged, setDragged] = useState<Place | null>(null)
  const [over, setOver] = useState<string | null>(null)
  const [said, setSaid] = useState('')
  const box = useRef<HTMLDivElement>(null)
  const schema = useQuery(configSchema).data as Node | undefined
  const extra = fieldsOf(sectionNode(schema, 'models')?.properties?.targets?.items, IN_THE_ROW)

  const change = (next: typeof tiers) => onChange(targetsOf(next))

  function go(from: Place, to: Place) {
    const next = move(tiers, from, to)
    const target = tiers[from.tier]?.targets[from.at]
    change(next)
    const landed = target && next.findIndex((tier) => tier.targets.some((other) => other.provider === target.provider && other.model === target.model))
    if (landed === undefined || landed < 0) return
    setSaid(`${target?.provider} ${target?.model} is now in tier ${landed + 1} of ${next.length}.`)
    // The handle that was used is somewhere else now: the focus follows it.
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-handle="${CSS.escape(`${target?.provider}/${target?.model}`)}"]`)?.focus())
  }

  function step(from: Place, key: string): boolean {
    const inTier = tiers[from.tier]?.targets.length ?? 0
    if (key === 'ArrowUp') {
      if (from.at > 0) go(from, { tier: from.tier, at: from.at - 1 })
      else if (from.tier > 0) go(from, { tier: from.tier - 1, at: Infinity })
      else if (inTier > 1) go(from, { tier: -1, at: 0 })
      return true
    }
    if (key === 'ArrowDown') {
      if (from.at < inTier - 1) go(from, { tier: from.tier, at: from.at + 1 })
      else if (from.tier < tiers.length - 1) go(from, { tier: from.tier + 1, at: 0 })
      else if (inTier > 1) go(from, { tier: tiers.length, at: 0 })
      return true
    }
    return false
  }

  const zone = (to: Place) => {
    const id = `${to.tier}.${to.at}`
    return {
      over: over === id,
      onDragOver: (event: DragEvent) => {
        if (!dragged) return
        event.preventDefault()
        setOver(id)
      },
      onDrop: (event: DragEvent) => {
        event.preventDefault()
        if (dragged) go(dragged, to)
        setDragged(null)
        setOver(null)
      },
    }
  }

  return (
    <Card
      title="Targets"
      note="The ways to serve it. Those of a tier share the requests; the next tier is asked when all of them failed."
      actions={
        !readOnly && (
          <Button small icon={Plus} onClick={() => change(tiers.length === 0 ? [{ priority: 0, targets: [BLANK] }] : tiers.with(-1, { priority: tiers.at(-1)?.priority ?? 0, targets: [...(tiers.at(-1)?.targets ?? []), BLANK] }))}>
            Add target
          </Button>
        )
      }
    >
      <p className="sr-only" role="status">
        {said}
      </p>
      <div ref={box} className="flex flex-col gap-2">
        {tiers.length === 0 && <p className="text-[13px] text-muted">No targets yet: add the first one.</p>}
        {tiers.map((tier, tierAt) => (
          <section key={tier.priority} aria-label={`Tier ${tierAt + 1}`} className="rounded-md border border-line bg-sunken p-2">
            <p className="mb-1.5 flex items-center justify-between px-1 text-xs text-muted">
              <span>
                <span className="font-medium text-ink">{tierAt === 0 ? 'Asked first' : tierAt === 1 ? 'Then' : 'After that'}</span>
                {tier.targets.length > 1 && `, ${strategy || 'weighted'}`}
              </span>
              <span>priority {tier.priority}</span>
            </p>
            <ul className="flex flex-col gap-1.5">
              {tier.targets.map((target, at) => {
                const place = { tier: tierAt, at }
                const index = targets.indexOf(target)
                const { over, ...drop } = zone(place)
                return (
                  <li key={index} {...drop} className={cx('rounded-md', over && 'outline-2 outline-accent')}>
                    <TargetRow
                      target={target}
                      tier={tier}
                      extra={extra}
                      readOnly={readOnly}
                      errors={below(errors, String(index))}
                      onChange={(next) => change(replace(tiers, place, next))}
                      onRemove={() => change(remove(tiers, place))}
                      onStep={(key) => step(place, key)}
                      onDragStart={() => setDragged(place)}
                      onDragEnd={() => (setDragged(null), setOver(null))}
                    />
                  </li>
                )
              })}
            </ul>
          </section>
        ))}
        {dragged && <NewTier {...zone({ tier: tiers.length, at: 0 })} />}
      </div>
    </Card>
  )
}

const BLANK: Target = { provider: '', model: '' }

function NewTier({ over, ...drop }: { over: boolean; onDragOver: (event: DragEvent) => void; onDrop: (event: DragEvent) => void }) {
  return (
    <div {...drop} className={cx('rounded-md border-2 border-dashed p-3 text-center text-xs', over ? 'border-accent text-accent' : 'border-edge text-muted')}>
      Drop here for a tier that is asked last
    </div>
  )
}
