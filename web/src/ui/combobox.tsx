import { useId, useState, type KeyboardEvent } from 'react'
import { cx } from './classes'
import { Input, useField } from './field'

/** Options that are listed at once: more would be a wall. */
const SHOWN_MAX = 60

export interface Option {
  value: string
  note?: string
}

interface ComboboxProps {
  value: string
  onChange: (value: string) => void
  options: Option[]
  /** Stands in the list while there are no options. */
  waiting?: string
  placeholder?: string
  label?: string
  mono?: boolean
  onBlur?: () => void
}

/** A text field that offers what is known; anything else may be written, too. */
export function Combobox({ value, onChange, options, waiting, placeholder, label, mono, onBlur }: ComboboxProps) {
  const list = useId()
  const field = useField()
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(-1)
  const wanted = value.toLowerCase()
  const exact = options.some((option) => option.value === value)
  const shown = options.filter((option) => exact || option.value.toLowerCase().includes(wanted)).slice(0, SHOWN_MAX)

  function choose(option: Option) {
    onChange(option.value)
    setOpen(false)
  }
  function press(event: KeyboardEvent) {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      setOpen(true)
      const step = event.key === 'ArrowDown' ? 1 : -1
      setAt((at + step + shown.length) % Math.max(1, shown.length))
    } else if (event.key === 'Enter' && open && shown[at]) {
      event.preventDefault()
      choose(shown[at])
    } else if (event.key === 'Escape' && open) {
      event.preventDefault()
      setOpen(false)
    }
  }

  const listed = open && (shown.length > 0 || Boolean(waiting))
  return (
    <div className="relative min-w-0">
      <Input
        {...field}
        role="combobox"
        aria-label={label}
        aria-expanded={listed}
        aria-controls={listed ? list : undefined}
        aria-autocomplete="list"
        aria-activedescendant={listed && shown[at] ? `${list}-${at}` : undefined}
        mono={mono}
        placeholder={placeholder}
        value={value}
        onChange={(event) => {
          onChange(event.target.value)
          setOpen(true)
          setAt(-1)
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => {
          setOpen(false)
          onBlur?.()
        }}
        onKeyDown={press}
      />
      {listed && (
        <ul id={list} role="listbox" aria-label={label ?? 'Suggestions'} className="absolute z-30 mt-1 max-h-64 w-full min-w-52 overflow-auto rounded-lg bg-raised p-1 text-[13px] shadow-(--shadow-pop)">
          {shown.map((option, index) => (
            <li
              key={option.value}
              id={`${list}-${index}`}
              role="option"
              aria-selected={option.value === value}
              // Before the field loses the focus, and with it the list.
              onMouseDown={(event) => {
                event.preventDefault()
                choose(option)
              }}
              className={cx('flex items-baseline gap-2 rounded px-2 py-1', index === at ? 'bg-hover' : 'hover:bg-hover')}
            >
              <span className={cx('min-w-0 flex-1 break-all', mono && 'font-mono text-xs')}>{option.value}</span>
              {option.note && <span className="text-xs text-muted">{option.note}</span>}
            </li>
          ))}
          {shown.length === 0 && waiting && <li role="option" aria-selected={false} aria-disabled className="px-2 py-1 text-muted">{waiting}</li>}
        </ul>
      )}
    </div>
  )
}
