import type { Provider } from '@/api/queries'

type Source = Provider['source']

/** Where a provider comes from, in a word and in a sentence. */
export const SOURCES: Record<Source, { short: string; long: string }> = {
  document: { short: 'config', long: 'It stands in the configuration.' },
  environment: { short: 'environment', long: 'Its key was found in the environment.' },
  probe: { short: 'found here', long: 'It was found on this machine.' },
  built_in: { short: 'built in', long: 'It comes with Trunkline.' },
}

/** Why a provider cannot be changed here; `null` for those of the document. */
export function whyFixed(source: Source): string | null {
  return source === 'document' ? null : `${SOURCES[source].long} To change it, put it into the configuration first.`
}
