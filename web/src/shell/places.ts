import {
  Activity,
  ArrowLeftRight,
  Boxes,
  ChartColumn,
  FileCog,
  KeyRound,
  LayoutDashboard,
  MessagesSquare,
  Radar,
  Regex,
  Settings,
  type LucideIcon,
} from 'lucide-react'

export interface Place {
  href: string
  label: string
  icon: LucideIcon
}

/** Where one can go, in the order of the sidebar. */
export const PLACES: { label: string; places: Place[] }[] = [
  {
    label: 'Now',
    places: [
      { href: '/', label: 'Overview', icon: LayoutDashboard },
      { href: '/requests', label: 'Requests', icon: Activity },
      { href: '/usage', label: 'Usage & cost', icon: ChartColumn },
    ],
  },
  {
    label: 'Gateway',
    places: [
      { href: '/providers', label: 'Providers', icon: ArrowLeftRight },
      { href: '/models', label: 'Models', icon: Boxes },
      { href: '/playground', label: 'Playground', icon: MessagesSquare },
      { href: '/keys', label: 'Keys', icon: KeyRound },
      { href: '/patterns', label: 'Patterns', icon: Regex },
    ],
  },
  {
    label: 'System',
    places: [
      { href: '/config', label: 'Config', icon: FileCog },
      { href: '/discovery', label: 'Discovery', icon: Radar },
      { href: '/settings', label: 'Settings', icon: Settings },
    ],
  },
]
