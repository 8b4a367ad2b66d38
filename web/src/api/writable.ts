import { useQuery } from '@tanstack/react-query'
import { status } from './queries'
import { useReadOnly } from './session'

/** Why the document cannot be changed: by whoever is signed in, or by anybody; `null` when it can. */
export function useDocumentReadOnly(): string | null {
  const viewer = useReadOnly()
  const config = useQuery(status).data?.config
  if (viewer !== null || config === undefined || config.writable) return viewer
  return `The configuration cannot be changed here: ${config.why_not_writable ?? 'it cannot be written'}.`
}
