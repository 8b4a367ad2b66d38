import { useEffect } from 'react'

/** Asks before what was typed is lost: when the tab is closed, and when a link leads away. */
export function useUnsaved(dirty: boolean) {
  useEffect(() => {
    if (!dirty) return
    const close = (event: BeforeUnloadEvent) => event.preventDefault()
    const follow = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest('a[href]') : null
      const stays = !link || link.getAttribute('target') === '_blank' || event.metaKey || event.ctrlKey || event.shiftKey
      if (stays || window.confirm('Leave this page? What you changed is not saved.')) return
      event.preventDefault()
      event.stopPropagation()
    }
    window.addEventListener('beforeunload', close)
    // Before the router sees it.
    document.addEventListener('click', follow, true)
    return () => {
      window.removeEventListener('beforeunload', close)
      document.removeEventListener('click', follow, true)
    }
  }, [dirty])
}
