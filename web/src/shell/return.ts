const KEY = 'trunkline.return'

/** Remembers where one is, before another site is gone to for signing in: it comes back to the front page. */
export function rememberPlace() {
  sessionStorage.setItem(KEY, window.location.pathname + window.location.search)
}

/** Where one was, once. */
export function takePlace(): string | null {
  const place = sessionStorage.getItem(KEY)
  sessionStorage.removeItem(KEY)
  return place?.startsWith('/ui/') ? place.slice('/ui'.length) : null
}
