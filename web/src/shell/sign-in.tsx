import { useQuery } from '@tanstack/react-query'
import { useEffect, useState, type FormEvent } from 'react'
import { auth } from '@/api/queries'
import { ApiError, sentenceOf } from '@/api/problem'
import { useSession } from '@/api/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Answered, Note } from '@/ui/states'
import { Mark } from './mark'
import { rememberPlace } from './return'

/** The whole page: nobody is signed in. The address stays, so that one lands where one wanted to go. */
export function SignIn() {
  useEffect(() => {
    document.title = 'Sign in · Trunkline'
  }, [])
  return (
    <main className="flex min-h-dvh items-center justify-center p-4">
      <div className="w-full max-w-sm">
        <div className="mb-5 flex flex-col items-center gap-2 text-center">
          <Mark size={32} />
          <h1 className="text-lg font-semibold tracking-tight">Sign in to Trunkline</h1>
        </div>
        <div className="rounded-xl border border-line bg-surface p-5">
          <Ways />
        </div>
        <p className="mt-4 text-center text-xs text-muted">
          The first start printed the admin password. To set another one: <code className="font-mono">trunkline admin password</code>
        </p>
      </div>
    </main>
  )
}

/** Over the page, which stays as it is: the session ended while somebody worked. */
export function SignInAgain() {
  return (
    <Dialog title="Your session has ended" onClose={() => undefined} firm>
      <p className="mb-4 text-[13px] text-muted">Sign in to go on. What you typed on this page is still there.</p>
      <Ways />
    </Dialog>
  )
}

function Ways() {
  const question = useQuery(auth)
  return (
    <Answered question={question}>
      {(ways) => (
        <div className="flex flex-col gap-4">
          {ways.oidc && (
            // A link of the browser, not of the router: the identity provider's page follows.
            <a
              href={ways.oidc.start_url}
              onClick={rememberPlace}
              className="inline-flex h-9 items-center justify-center rounded-md border border-edge bg-raised text-[13px] font-medium hover:bg-hover"
            >
              Continue with {ways.oidc.name}
            </a>
          )}
          {ways.oidc && ways.password && <p className="text-center text-xs text-muted">or</p>}
          {ways.password && <PasswordForm />}
          {ways.external && !ways.password && !ways.oidc && (
            <Note>
              People sign in at <strong>{ways.external.url}</strong>. Do so there, then load this page again.
            </Note>
          )}
        </div>
      )}
    </Answered>
  )
}

function PasswordForm() {
  const { signIn } = useSession()
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState<string>()

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (!password) return setWrong('Enter the password.')
    setBusy(true)
    setWrong(undefined)
    try {
      await signIn(password)
    } catch (error) {
      setWrong(words(error))
      setBusy(false)
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4" noValidate>
      <Field label="Password" error={wrong}>
        <Input type="password" autoComplete="current-password" autoFocus value={password} onChange={(event) => setPassword(event.target.value)} className="h-9" />
      </Field>
      <Button type="submit" kind="primary" busy={busy} className="h-9">
        Sign in
      </Button>
    </form>
  )
}

function words(error: unknown): string {
  if (!(error instanceof ApiError)) return sentenceOf(error)
  if (error.problem.status === 401) return 'That is not the password.'
  if (error.problem.status === 429) return 'Too many tries. Wait a minute, then try again.'
  return sentenceOf(error)
}
