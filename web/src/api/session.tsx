import { useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { api, onSessionLost, rememberCsrf, taken, type Schemas } from './client'
import { ApiError } from './problem'

export type Session = Schemas['Session']

interface SessionState {
  /** `undefined` while nobody knows, `null` when nobody is signed in. */
  session: Session | null | undefined
  /** Whether a session ended while the page was open: what was typed is still there. */
  lost: boolean
  signIn(password: string): Promise<void>
  signOut(): Promise<void>
}

const Context = createContext<SessionState | null>(null)

async function current(): Promise<Session | null> {
  try {
    const session = await taken(api.GET('/api/v1/session'))
    rememberCsrf(session.csrf)
    return session
  } catch (error) {
    if (error instanceof ApiError && error.problem.status === 401) return null
    throw error
  }
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const { data: session } = useQuery({ queryKey: ['session'], queryFn: current, staleTime: Infinity })
  const [lost, setLost] = useState(false)
  useEffect(() => onSessionLost(() => setLost(true)), [])

  const state = useMemo<SessionState>(
    () => ({
      session,
      lost: lost && session != null,
      async signIn(password) {
        const session = await taken(api.POST('/api/v1/session', { body: { password } }))
        rememberCsrf(session.csrf)
        client.setQueryData(['session'], session)
        setLost(false)
        // What failed for want of a session is asked for again.
        await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' })
      },
      async signOut() {
        await taken(api.DELETE('/api/v1/session'))
        client.clear()
        client.setQueryData(['session'], null)
        setLost(false)
      },
    }),
    [client, lost, session],
  )
  return <Context value={state}>{children}</Context>
}

export function useSession(): SessionState {
  const state = useContext(Context)
  if (!state) throw new Error('useSession is used outside of SessionProvider')
  return state
}

/** Why the one who is signed in cannot change anything; `null` when they can. */
export function useReadOnly(): string | null {
  const { session } = useSession()
  return session?.role === 'admin' ? null : 'You are signed in as a viewer, who may look but not change anything.'
}
