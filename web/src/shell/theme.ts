import { useSyncExternalStore } from 'react'

export type Theme = 'system' | 'light' | 'dark'
const KEY = 'trunkline.theme'
const changed = new Set<() => void>()

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEY)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

export function applyTheme(theme: Theme) {
  if (theme === 'system') {
    delete document.documentElement.dataset.theme
    localStorage.removeItem(KEY)
  } else {
    document.documentElement.dataset.theme = theme
    localStorage.setItem(KEY, theme)
  }
  changed.forEach((tell) => tell())
}

const system = window.matchMedia('(prefers-color-scheme: dark)')

function subscribe(tell: () => void) {
  changed.add(tell)
  system.addEventListener('change', tell)
  return () => {
    changed.delete(tell)
    system.removeEventListener('change', tell)
  }
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, chosenTheme)
}

/** What is on the screen, whoever chose it: charts draw anew when it changes. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, () => (chosenTheme() === 'system' ? system.matches : chosenTheme() === 'dark'))
}
