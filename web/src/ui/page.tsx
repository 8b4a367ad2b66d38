import { ChevronLeft } from 'lucide-react'
import { useEffect, type ReactNode } from 'react'
import { Link } from 'wouter'

interface PageProps {
  title: string
  note?: ReactNode
  actions?: ReactNode
  /** Where the page above is. */
  up?: { href: string; label: string }
  children: ReactNode
}

export function Page({ title, note, actions, up, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Trunkline`
  }, [title])
  return (
    <div className="mx-auto flex w-full max-w-[88rem] flex-col gap-4 px-4 py-5 md:px-6">
      <header className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-60">
          {up && (
            <Link href={up.href} className="-ml-0.5 mb-0.5 inline-flex items-center gap-0.5 text-xs text-muted hover:text-ink">
              <ChevronLeft size={13} aria-hidden /> {up.label}
            </Link>
          )}
          <h1 className="text-lg font-semibold tracking-tight break-words">{title}</h1>
          {note && <p className="max-w-3xl text-[13px] text-muted">{note}</p>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  )
}
