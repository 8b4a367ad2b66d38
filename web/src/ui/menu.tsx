import { useEffect, useId, useRef, useState, type CSSProperties, type KeyboardEvent, type ReactNode } from 'react'
import { cx } from './classes'

/** An item's height, and what is around all of them; to know whether there is room below. */
const ITEM_PX = 32
const ROUND_PX = 12
const GAP_PX = 4

export interface MenuItem {
  label: string
  onSelect: () => void
  danger?: boolean
  blocked?: string | null
}

interface MenuProps {
  /** Of what is offered; and of the button, unless that has text of its own. */
  label: string
  named?: boolean
  button: ReactNode
  buttonClass?: string
  items: MenuItem[]
}

/** A button and what it offers; arrows go through it, Escape closes it. */
export function Menu({ label, named, button, buttonClass, items }: MenuProps) {
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  // Where it is laid, in the window: inside of a table that scrolls it would be cut off.
  const [place, setPlace] = useState<CSSProperties | null>(null)
  const open = place !== null
  const close = () => setPlace(null)

  useEffect(() => {
    if (!open) return
    box.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus()
    const leave = (event: Event) => !box.current?.contains(event.target as Node) && close()
    document.addEventListener('pointerdown', leave)
    document.addEventListener('focusin', leave)
    document.addEventListener('scroll', close, true)
    window.addEventListener('resize', close)
    return () => {
      document.removeEventListener('pointerdown', leave)
      document.removeEventListener('focusin', leave)
      document.removeEventListener('scroll', close, true)
      window.removeEventListener('resize', close)
    }
  }, [open])

  function press(event: KeyboardEvent) {
    if (!open) return
    const entries = [...(box.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])]
    const at = entries.indexOf(document.activeElement as HTMLElement)
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      event.preventDefault()
      entries[(at + step + entries.length) % entries.length]?.focus()
    } else if (event.key === 'Escape') {
      event.stopPropagation()
      close()
      box.current?.querySelector<HTMLElement>('[aria-haspopup]')?.focus()
    }
  }

  return (
    <div ref={box} className="relative" onKeyDown={press}>
      <button type="button" aria-haspopup="menu" aria-expanded={open} aria-controls={open ? id : undefined} aria-label={named ? undefined : label} title={label} onClick={(event) => setPlace(open ? null : placeFor(event.currentTarget, items.length))} className={buttonClass}>
        {button}
      </button>
      {open && (
        <div id={id} role="menu" aria-label={label} style={place} className="fixed z-40 min-w-44 rounded-lg bg-raised p-1 shadow-(--shadow-pop)">
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              aria-disabled={item.blocked ? true : undefined}
              title={item.blocked ?? undefined}
              onClick={() => {
                if (item.blocked) return
                close()
                item.onSelect()
              }}
              className={cx('block w-full rounded px-2.5 py-1.5 text-left text-[13px] hover:bg-hover aria-disabled:opacity-55', item.danger && 'text-bad')}
            >
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}

/** Below the button, or above it where there is no room; within the window on the button's side of it. */
function placeFor(button: HTMLElement, items: number): CSSProperties {
  const { top, bottom, left, right } = button.getBoundingClientRect()
  const width = document.documentElement.clientWidth
  const across = right > width / 2 ? { right: width - right } : { left }
  const height = items * ITEM_PX + ROUND_PX
  return bottom + height > window.innerHeight ? { ...across, bottom: window.innerHeight - top + GAP_PX } : { ...across, top: bottom + GAP_PX }
}
