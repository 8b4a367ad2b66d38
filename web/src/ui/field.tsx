import { createContext, useContext, useId, type ComponentProps, type ReactNode } from 'react'
import { cx } from './classes'

interface FieldState {
  id: string
  describedBy: string | undefined
  invalid: boolean
}

const Context = createContext<FieldState | null>(null)

interface FieldProps {
  label: ReactNode
  hint?: ReactNode
  error?: string
  required?: boolean
  /** For screen readers only: where the place says it already. */
  hideLabel?: boolean
  children: ReactNode
  className?: string
}

/** A label, what helps to fill it in, and what is wrong with it; the input inside is told of all three. */
export function Field({ label, hint, error, required, hideLabel, children, className }: FieldProps) {
  const id = useId()
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  return (
    <Context value={{ id, describedBy: described || undefined, invalid: Boolean(error) }}>
      <div className={cx('flex min-w-0 flex-col gap-1', className)}>
        <label htmlFor={id} className={hideLabel ? 'sr-only' : 'text-[13px] font-medium'}>
          {label}
          {required && <span className="font-normal text-muted"> (required)</span>}
        </label>
        {children}
        {error && (
          <p id={`${id}-error`} role="alert" className="text-xs text-bad">
            {error}
          </p>
        )}
        {hint && (
          <p id={`${id}-hint`} className="text-xs text-muted">
            {hint}
          </p>
        )}
      </div>
    </Context>
  )
}

/** What an input inside of a {@link Field} carries. */
export function useField() {
  const field = useContext(Context)
  return field ? { id: field.id, 'aria-describedby': field.describedBy, 'aria-invalid': field.invalid || undefined } : {}
}

const BOX =
  'w-full min-w-0 rounded-md border border-edge bg-raised px-2.5 text-[13px] text-ink transition-colors hover:border-faint aria-invalid:border-bad disabled:bg-sunken disabled:text-muted [&[readonly]]:bg-sunken'

export function Input({ className, mono, ...rest }: ComponentProps<'input'> & { mono?: boolean }) {
  return <input autoComplete="off" spellCheck={false} {...useField()} {...rest} className={cx(BOX, 'h-8', mono && 'font-mono text-xs', className)} />
}

export function TextArea({ className, mono, ...rest }: ComponentProps<'textarea'> & { mono?: boolean }) {
  return <textarea spellCheck={!mono} rows={3} {...useField()} {...rest} className={cx(BOX, 'py-1.5 leading-5', mono && 'font-mono text-xs', className)} />
}

export function Select({ className, children, ...rest }: ComponentProps<'select'>) {
  return (
    <select {...useField()} {...rest} className={cx(BOX, 'h-8 pr-7', className)}>
      {children}
    </select>
  )
}

interface SwitchProps {
  label: string
  checked: boolean
  onChange: (checked: boolean) => void
  blocked?: string | null
  /** Shows the label beside it. */
  named?: boolean
}

export function Switch({ label, checked, onChange, blocked, named }: SwitchProps) {
  const field = useField()
  return (
    <span className="inline-flex items-center gap-2 align-middle">
      <button
        type="button"
        role="switch"
        {...field}
        aria-checked={checked}
        aria-label={label}
        aria-disabled={blocked ? true : undefined}
        title={blocked ?? undefined}
        onClick={() => !blocked && onChange(!checked)}
        className={cx(
          'relative h-[18px] w-8 shrink-0 rounded-full border transition-colors aria-disabled:cursor-not-allowed aria-disabled:opacity-55',
          checked ? 'border-transparent bg-accent-solid' : 'border-edge bg-hover',
        )}
      >
        <span className={cx('absolute top-0.5 left-0.5 size-3 rounded-full transition-transform', checked ? 'translate-x-3.5 bg-white' : 'bg-faint')} />
      </button>
      {named && <span className="text-[13px]">{label}</span>}
    </span>
  )
}

export function Checkbox({ label, ...rest }: ComponentProps<'input'> & { label: ReactNode }) {
  return (
    <label className="inline-flex items-center gap-2 text-[13px]">
      <input type="checkbox" {...rest} className="size-3.5 accent-accent-solid" />
      {label}
    </label>
  )
}
