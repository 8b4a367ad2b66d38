import { keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query'
import { api, taken, takenWithRevision, type Schemas } from './client'
import { ApiError } from './problem'

/** How often figures that change by themselves are asked for. */
const LIVE_MS = 10_000

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // Refusals stay refusals; only a lost connection or a failing server is worth another try.
      retry: (count, error) => count < 2 && error instanceof ApiError && (error.problem.status === 0 || error.problem.status >= 500),
    },
  },
})

/** Everything that is read from the document changes with it. */
export async function documentChanged() {
  await queryClient.invalidateQueries({
    predicate: ({ queryKey }) => !['session', 'auth', 'usage', 'requests', 'request', 'schema'].includes(String(queryKey[0])),
  })
}

export const auth = queryOptions({ queryKey: ['auth'], queryFn: () => taken(api.GET('/api/v1/auth')), staleTime: Infinity })

export const status = queryOptions({
  queryKey: ['status'],
  queryFn: () => taken(api.GET('/api/v1/status')),
  refetchInterval: LIVE_MS,
})

export const providers = queryOptions({
  queryKey: ['providers'],
  queryFn: async () => {
    const { items } = await taken(api.GET('/api/v1/providers', { params: { query: { limit: 200 } } }))
    return items
  },
  refetchInterval: LIVE_MS,
})

export const provider = (name: string) =>
  queryOptions({
    queryKey: ['providers', name],
    queryFn: () => takenWithRevision(api.GET('/api/v1/providers/{name}', { params: { path: { name } } })),
  })

export const providerModels = (name: string) =>
  queryOptions({
    queryKey: ['providers', name, 'models'],
    queryFn: async () => (await taken(api.GET('/api/v1/providers/{name}/models', { params: { path: { name } } }))).items,
    staleTime: 60_000,
  })

export const providerTypes = queryOptions({
  queryKey: ['provider-types'],
  queryFn: async () => (await taken(api.GET('/api/v1/provider-types'))).items,
  staleTime: Infinity,
})

export const models = queryOptions({
  queryKey: ['models'],
  queryFn: async () => (await taken(api.GET('/api/v1/models', { params: { query: { limit: 200 } } }))).items,
  refetchInterval: LIVE_MS,
})

export const model = (name: string) =>
  queryOptions({
    queryKey: ['models', name],
    queryFn: () => takenWithRevision(api.GET('/api/v1/models/{name}', { params: { path: { name } } })),
  })

export const patterns = queryOptions({
  queryKey: ['patterns'],
  queryFn: async () => (await taken(api.GET('/api/v1/patterns', { params: { query: { limit: 200 } } }))).items,
})

export const pattern = (name: string) =>
  queryOptions({
    queryKey: ['patterns', name],
    queryFn: () => takenWithRevision(api.GET('/api/v1/patterns/{name}', { params: { path: { name } } })),
  })

export const clientKeys = queryOptions({
  queryKey: ['client-keys'],
  queryFn: async () => (await taken(api.GET('/api/v1/client-keys'))).items,
  refetchInterval: LIVE_MS,
})

export const prices = (q: string) =>
  queryOptions({
    queryKey: ['prices', q],
    queryFn: async () => (await taken(api.GET('/api/v1/prices', { params: { query: { q, limit: 100 } } }))).items,
    placeholderData: keepPreviousData,
  })

export const secrets = queryOptions({
  queryKey: ['secrets'],
  queryFn: async () => (await taken(api.GET('/api/v1/secrets'))).items,
})

export const sessions = queryOptions({
  queryKey: ['sessions'],
  queryFn: async () => (await taken(api.GET('/api/v1/sessions'))).items,
})

export const settings = queryOptions({ queryKey: ['settings'], queryFn: () => taken(api.GET('/api/v1/settings')) })

export const discovery = queryOptions({
  queryKey: ['discovery'],
  queryFn: () => taken(api.GET('/api/v1/discovery')),
  refetchInterval: LIVE_MS,
})

export const config = queryOptions({
  queryKey: ['config'],
  queryFn: () => takenWithRevision(api.GET('/api/v1/config')),
})

/** The revision that a change has to name now; asked for anew, since somebody else may have been faster. */
export async function newestRevision(): Promise<string> {
  return (await queryClient.fetchQuery({ ...config, staleTime: 0 })).revision
}

export const configSchema = queryOptions({
  queryKey: ['schema'],
  queryFn: () => taken(api.GET('/api/v1/config/schema')),
  staleTime: Infinity,
})

export const revisions = queryOptions({
  queryKey: ['config', 'revisions'],
  queryFn: async () => (await taken(api.GET('/api/v1/config/revisions', { params: { query: { limit: 100 } } }))).items,
})

export const revision = (n: string) =>
  queryOptions({
    queryKey: ['config', 'revisions', n],
    queryFn: () => taken(api.GET('/api/v1/config/revisions/{n}', { params: { path: { n } } })),
    staleTime: Infinity,
  })

export type UsageBy = 'client_key' | 'model' | 'provider' | 'upstream_model'
export interface UsageQuestion {
  by?: UsageBy
  per?: 'hour' | 'day'
  since: string
  until?: string
  zone?: string
  model?: string
  provider?: string
  client_key?: string
}

export const usage = (question: UsageQuestion) =>
  queryOptions({
    queryKey: ['usage', question],
    queryFn: () => taken(api.GET('/api/v1/usage', { params: { query: question } })),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  })

export interface RequestFilter {
  model?: string
  client_key?: string
  provider?: string
  outcome?: string
  since?: string
  until?: string
  q?: string
}

export async function requestPage(filter: RequestFilter, cursor: string | undefined, limit = 50) {
  return taken(api.GET('/api/v1/requests', { params: { query: { ...filter, cursor, limit } } }))
}

export const request = (id: string) =>
  queryOptions({
    queryKey: ['request', id],
    queryFn: () => taken(api.GET('/api/v1/requests/{id}', { params: { path: { id } } })),
  })

export type Provider = Schemas['Provider']
export type Model = Schemas['Model']
export type RequestRow = Schemas['RequestRow']
export type ClientKey = Schemas['ClientKey']
export type UsageGroup = Schemas['UsageGroup']
