import { useState } from 'preact/hooks'
import type { SignIn as Ways } from '../../api/views.ts'
import { signIn } from '../live/api.ts'
import { Icon } from '../parts/icon.tsx'
import { Mark } from '../parts/mark.tsx'
import { Title } from '../parts/title.tsx'

/** By the cluster's own identities: what a person may see and decide here is what Kubernetes lets them. */
export const SignIn = ({ ways: { oidc }, onSignedIn }: { ways: Ways; onSignedIn: () => void }) => (
  <main class="sign-in">
    <Mark />
    <Title words="Sign in to Sluice" tab="Sign in" />
    <p class="quiet">You see and decide here what Kubernetes lets you see and decide.</p>
    {oidc && (
      <p>
        <a class="button strong" href={`${oidc.url}?to=${encodeURIComponent(location.pathname + location.search)}`}>
          Sign in with {new URL(oidc.issuer).host}
        </a>
      </p>
    )}
    <TokenForm onSignedIn={onSignedIn} />
  </main>
)

function TokenForm({ onSignedIn }: { onSignedIn: () => void }) {
  const [token, setToken] = useState('')
  const [refused, setRefused] = useState('')
  const send = async (event: Event) => {
    event.preventDefault()
    try {
      await signIn(token.trim())
      onSignedIn()
    } catch (error) {
      setRefused(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <form onSubmit={(event) => void send(event)}>
      <label class="field">
        A token of yours
        <input
          type="password"
          name="token"
          autoComplete="off"
          spellcheck={false}
          required
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>
      {refused && (
        <p class="told alert" role="alert">
          <Icon name="alert" />
          <span>{refused}</span>
        </p>
      )}
      <p class="quiet">
        For example of <code>kubectl create token NAME</code>. It is kept in a cookie that no script can read.
      </p>
      <button class="strong">Sign in</button>
    </form>
  )
}
