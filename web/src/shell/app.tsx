import { lazy, Suspense, useEffect, type ComponentType } from 'react'
import { Route, Switch, useLocation } from 'wouter'
import { useSession } from '@/api/session'
import { Lines } from '@/ui/states'
import { Frame } from './frame'
import { Missing } from './missing'
import { takePlace } from './return'
import { SignIn, SignInAgain } from './sign-in'

// Each page is loaded when somebody goes there; the first one brings no editor, charts or playground along.
const page = <T extends string>(load: () => Promise<Record<T, ComponentType>>, name: T) => lazy(async () => ({ default: (await load())[name] }))

const ROUTES: [string, ComponentType][] = [
  ['/', page(() => import('@/pages/overview/overview'), 'Overview')],
  ['/welcome', page(() => import('@/pages/welcome/welcome'), 'Welcome')],
  ['/requests', page(() => import('@/pages/requests/requests'), 'Requests')],
  ['/requests/:id', page(() => import('@/pages/requests/request'), 'RequestPage')],
  ['/usage', page(() => import('@/pages/usage/usage'), 'UsagePage')],
  ['/providers', page(() => import('@/pages/providers/providers'), 'Providers')],
  ['/providers/new', page(() => import('@/pages/providers/edit'), 'NewProvider')],
  ['/providers/:name', page(() => import('@/pages/providers/edit'), 'EditProvider')],
  ['/models', page(() => import('@/pages/models/models'), 'Models')],
  ['/models/new', page(() => import('@/pages/models/edit'), 'NewModel')],
  ['/models/:name', page(() => import('@/pages/models/edit'), 'EditModel')],
  ['/playground', page(() => import('@/pages/playground/playground'), 'Playground')],
  ['/keys', page(() => import('@/pages/keys/keys'), 'Keys')],
  ['/patterns', page(() => import('@/pages/patterns/patterns'), 'Patterns')],
  ['/patterns/new', page(() => import('@/pages/patterns/edit'), 'NewPattern')],
  ['/patterns/:name', page(() => import('@/pages/patterns/edit'), 'EditPattern')],
  ['/config', page(() => import('@/pages/config/config'), 'ConfigPage')],
  ['/discovery', page(() => import('@/pages/discovery/discovery'), 'Discovery')],
  ['/settings', page(() => import('@/pages/settings/settings'), 'SettingsPage')],
]

export function App() {
  const { session, lost } = useSession()
  const [, go] = useLocation()
  const within = session != null
  useEffect(() => {
    const place = within ? takePlace() : null
    if (place) go(place, { replace: true })
  }, [within, go])
  if (session === undefined) return <Lines count={1} />
  if (session === null) return <SignIn />
  return (
    <Frame>
      <Suspense fallback={<Lines count={8} />}>
        <Switch>
          {ROUTES.map(([path, Page]) => (
            <Route key={path} path={path}>
              <Page />
            </Route>
          ))}
          <Route>
            <Missing />
          </Route>
        </Switch>
      </Suspense>
      {lost && <SignInAgain />}
    </Frame>
  )
}
