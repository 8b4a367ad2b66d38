import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { cx } from './classes'

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
  /** Opens upwards: for what stands at the foot of the page. */
  up?: boolean
}

/** A button and what it offers; arrows go through it, Escape closes it. */
export function Menu({ label, named, button, buttonClass, items, up }: MenuProps) {
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState(false)

  useEffect(() => {
    if (!open) return
    box.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus()
    const leave = (event: Event) => !box.current?.contains(event.target as Node) && setOpen(false)
    document.addEventListener('pointerdown', leave)
    document.addEventListener('focusin', leave)
    return () => {
      document.removeEventListener('pointerdown', leave)
      document.removeEventListener('focusin', leave)
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
      setOpen(false)
      box.current?.querySelector<HTMLElement>('[aria-haspopup]')?.focus()
    }
  }

  return (
    <div ref={box} className="relative" onKeyDown={press}>
      <button type="button" aria-haspopup="menu" aria-expanded={open} aria-controls={open ? id : undefined} aria-label={named ? undefined : label} title={label} onClick={() => setOpen(!open)} className={buttonClass}>
        {button}
      </button>
      {open && (
        <div id={id} role="menu" aria-label={label} className={cx('absolute right-0 z-40 min-w-44 rounded-lg bg-raised p-1 shadow-(--shadow-pop)', up ? 'bottom-full mb-1' : 'mt-1')}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              aria-disabled={item.blocked ? true : undefined}
              title={item.blocked ?? undefined}
              onClick={() => {
                if (item.blocked) return
                setOpen(false)
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
