import { LoaderCircle, type LucideIcon } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import { Link } from 'wouter'
import { cx } from './classes'

type Look = 'primary' | 'plain' | 'quiet' | 'danger'

const LOOKS: Record<Look, string> = {
  primary: 'bg-accent-solid text-white border-transparent hover:bg-accent-strong',
  plain: 'bg-raised text-ink border-edge hover:bg-hover',
  quiet: 'bg-transparent text-muted border-transparent hover:bg-hover hover:text-ink',
  danger: 'bg-raised text-bad border-edge hover:bg-bad-soft',
}

function look(kind: Look, small: boolean | undefined): string {
  return cx(
    'inline-flex items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap select-none transition-colors',
    'disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:cursor-not-allowed aria-disabled:opacity-55',
    small ? 'h-7 px-2 text-xs' : 'h-8 px-3 text-[13px]',
    LOOKS[kind],
  )
}

interface ButtonProps extends Omit<ComponentProps<'button'>, 'disabled'> {
  kind?: Look
  small?: boolean
  icon?: LucideIcon
  busy?: boolean
  /** Why it cannot be used; it stays reachable by keyboard so that everybody can learn it. */
  blocked?: string | null | false
}

export function Button({ kind = 'plain', small, icon: Icon, busy, blocked, children, className, onClick, type = 'button', ...rest }: ButtonProps) {
  const stopped = Boolean(blocked) || busy
  return (
    <button
      {...rest}
      type={type}
      aria-disabled={stopped || undefined}
      title={blocked || rest.title}
      onClick={stopped ? (event) => event.preventDefault() : onClick}
      className={cx(look(kind, small), className)}
    >
      {busy ? <LoaderCircle size={14} className="animate-spin" aria-hidden /> : Icon && <Icon size={14} aria-hidden />}
      {children}
    </button>
  )
}

export function ButtonLink({ href, kind = 'plain', small, icon: Icon, children, blocked }: { href: string; kind?: Look; small?: boolean; icon?: LucideIcon; children: ReactNode; blocked?: string | null }) {
  if (blocked) {
    return (
      <Button kind={kind} small={small} icon={Icon} blocked={blocked}>
        {children}
      </Button>
    )
  }
  return (
    <Link href={href} className={look(kind, small)}>
      {Icon && <Icon size={14} aria-hidden />}
      {children}
    </Link>
  )
}

interface IconButtonProps extends Omit<ButtonProps, 'icon' | 'children'> {
  label: string
  icon: LucideIcon
}

export function IconButton({ label, icon: Icon, kind = 'quiet', small, className, blocked, onClick, ...rest }: IconButtonProps) {
  return (
    <button
      {...rest}
      type="button"
      aria-label={label}
      title={blocked || label}
      aria-disabled={blocked ? true : undefined}
      onClick={blocked ? undefined : onClick}
      className={cx(look(kind, small), small ? 'w-7 !px-0' : 'w-8 !px-0', className)}
    >
      <Icon size={small ? 14 : 16} aria-hidden />
    </button>
  )
}
