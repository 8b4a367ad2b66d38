import { useQuery } from '@tanstack/react-query'
import { Menu as MenuIcon, MoonStar, Search, Sun, SunMoon, User, X } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { status } from '@/api/queries'
import { useSession } from '@/api/session'
import { Badge } from '@/ui/badge'
import { IconButton } from '@/ui/button'
import { cx } from '@/ui/classes'
import { Menu } from '@/ui/menu'
import { complain } from '@/ui/toast'
import { Mark } from './mark'
import { PLACES } from './places'
import { Palette } from './palette'
import { applyTheme, useTheme, type Theme } from './theme'

/** The sidebar, and beside it the page. On narrow screens the sidebar is a drawer. */
export function Frame({ children }: { children: ReactNode }) {
  const [location] = useLocation()
  const [drawer, setDrawer] = useState(false)
  const [palette, setPalette] = useState(false)
  useEffect(() => setDrawer(false), [location])
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key === 'k' && (event.metaKey || event.ctrlKey)) {
        event.preventDefault()
        setPalette(true)
      }
      if (event.key === 'Escape') setDrawer(false)
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])

  return (
    <div className="min-h-dvh md:grid md:grid-cols-[13.5rem_minmax(0,1fr)]">
      <a href="#page" className="sr-only z-50 rounded bg-raised px-3 py-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2">
        Skip to the page
      </a>
      <header className="sticky top-0 z-20 flex h-12 items-center gap-2 border-b border-line bg-surface px-3 md:hidden">
        <IconButton label={drawer ? 'Close the menu' : 'Open the menu'} icon={drawer ? X : MenuIcon} aria-expanded={drawer} onClick={() => setDrawer(!drawer)} />
        <Mark size={18} />
        <span className="flex-1 font-semibold tracking-tight">Trunkline</span>
        <IconButton label="Go to…" icon={Search} onClick={() => setPalette(true)} />
      </header>
      <aside
        className={cx(
          'z-10 flex-col border-line bg-surface md:sticky md:top-0 md:flex md:h-dvh md:border-r',
          drawer ? 'fixed inset-x-0 top-12 bottom-0 flex overflow-auto' : 'hidden',
        )}
      >
        <Link href="/" className="hidden h-13 items-center gap-2 px-4 md:flex">
          <Mark />
          <span className="font-semibold tracking-tight">Trunkline</span>
        </Link>
        <button
          type="button"
          onClick={() => setPalette(true)}
          className="mx-3 mb-3 hidden h-8 items-center gap-2 rounded-md border border-line bg-sunken px-2 text-xs text-muted hover:border-edge md:flex"
        >
          <Search size={13} aria-hidden />
          <span className="flex-1 text-left">Go to…</span>
          <kbd className="font-sans text-2xs">Ctrl K</kbd>
        </button>
        <Places location={location} />
        <Foot />
      </aside>
      <main id="page" tabIndex={-1} className="min-w-0 outline-none">
        {children}
      </main>
      {palette && <Palette onClose={() => setPalette(false)} />}
    </div>
  )
}

function Places({ location }: { location: string }) {
  const { data } = useQuery(status)
  const urgent = data?.attention.filter((item) => item.severity !== 'info').length ?? 0
  return (
    <nav aria-label="Pages" className="flex flex-1 flex-col gap-4 overflow-y-auto px-3 py-3 md:py-0">
      {PLACES.map((group) => (
        <div key={group.label}>
          <p className="mb-1 px-2 text-2xs font-medium text-faint">{group.label}</p>
          <ul className="flex flex-col gap-px">
            {group.places.map(({ href, label, icon: Icon }) => {
              const here = href === '/' ? location === '/' : location.startsWith(href)
              return (
                <li key={href}>
                  <Link
                    href={href}
                    aria-current={here ? 'page' : undefined}
                    className={cx(
                      'flex h-8 items-center gap-2.5 rounded-md px-2 text-[13px] font-medium max-md:h-10',
                      here ? 'bg-accent-soft text-accent' : 'text-muted hover:bg-hover hover:text-ink',
                    )}
                  >
                    <Icon size={15} aria-hidden />
                    <span className="flex-1">{label}</span>
                    {href === '/' && urgent > 0 && (
                      <Badge tone="warn" title={`${urgent} ${urgent === 1 ? 'thing needs' : 'things need'} attention`}>
                        {urgent}
                      </Badge>
                    )}
                  </Link>
                </li>
              )
            })}
          </ul>
        </div>
      ))}
    </nav>
  )
}

const THEMES: Record<Theme, { next: Theme; icon: typeof Sun; label: string }> = {
  system: { next: 'light', icon: SunMoon, label: 'Colours as the system has them; switch to light' },
  light: { next: 'dark', icon: Sun, label: 'Light colours; switch to dark' },
  dark: { next: 'system', icon: MoonStar, label: 'Dark colours; switch to those of the system' },
}

function Foot() {
  const { session, signOut } = useSession()
  const { data } = useQuery(status)
  const theme = THEMES[useTheme()]
  return (
    <div className="flex items-center gap-1 border-t border-line px-3 py-2">
      <Menu
        named
        label="Your account"
        buttonClass="flex items-center gap-2 rounded-md px-1.5 py-1 text-left hover:bg-hover"
        button={
          <>
            <User size={15} className="text-muted" aria-hidden />
            <span className="flex flex-col">
              <span className="max-w-24 truncate text-xs font-medium">{session?.user}</span>{' '}
              <span className="text-2xs text-muted">{session?.role}</span>
            </span>
          </>
        }
        items={[{ label: 'Sign out', onSelect: () => void signOut().catch(complain) }]}
      />
      <span className="flex-1 truncate text-right text-2xs text-faint">{data && `v${data.version}`}</span>
      <IconButton label={theme.label} icon={theme.icon} onClick={() => applyTheme(theme.next)} />
    </div>
  )
}
