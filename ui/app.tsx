import { useEffect, useErrorBoundary, useState } from 'preact/hooks'
import type { Me, SignIn as SignInWays } from '../api/views.ts'
import { signOut, whoAmI } from './live/api.ts'
import { followFleet, fleet } from './live/fleet.ts'
import { followPage, watched } from './live/page.ts'
import { useStore, type Watchable } from './live/store.ts'
import type { Line } from './live/stream.ts'
import { address, placeOf, type Place } from './place.ts'
import { Notice } from './parts/notice.tsx'
import { Fleet } from './screens/fleet.tsx'
import { Gates } from './screens/gates.tsx'
import { History } from './screens/history.tsx'
import { Release } from './screens/release.tsx'
import { SignIn } from './screens/sign-in.tsx'
import { Shell } from './shell.tsx'

type Session = { state: 'asking' } | { state: 'in'; me: Me } | { state: 'out'; ways: SignInWays } | { state: 'lost' }

const AGAIN_MS = 2_000

/** Who is it? Then the screen that the address names. */
export function App() {
  const [session, setSession] = useState<Session>({ state: 'asking' })
  const ask = () => void sessionNow().then(setSession)
  useEffect(ask, [])
  useEffect(() => {
    if (session.state !== 'lost') return undefined
    const timer = setTimeout(ask, AGAIN_MS)
    return () => clearTimeout(timer)
  }, [session])
  if (session.state === 'asking') return null
  if (session.state === 'lost') return <Notice title="Sluice does not answer">It is asked again by itself.</Notice>
  if (session.state === 'out') return <SignIn ways={session.ways} onSignedIn={ask} />
  return <Screens me={session.me} onSignedOut={ask} />
}

async function sessionNow(): Promise<Session> {
  try {
    const answer = await whoAmI()
    return 'name' in answer ? { state: 'in', me: answer } : { state: 'out', ways: answer }
  } catch (error) {
    console.info(String(error))
    return { state: 'lost' }
  }
}

function Screens({ me, onSignedOut }: { me: Me; onSignedOut: () => void }) {
  const path = useStore(address, (now) => now.path)
  const place = placeOf(path)
  useFollowing(place)
  const line: Watchable<Line> = 'name' in place ? watched : fleet
  const isSignedOut = useStore(line, ({ refusal }) => refusal?.status === 401)
  useEffect(() => {
    if (isSignedOut) onSignedOut()
  }, [isSignedOut])
  return (
    <Shell me={me} place={place} onSignOut={() => void signOut().finally(onSignedOut)}>
      <Screen key={path} place={place} />
    </Shell>
  )
}

/** One stream per page: a browser opens six to a server. */
function useFollowing(place: Place): void {
  const [namespace, name] = 'name' in place ? [place.namespace, place.name] : []
  useEffect(() => {
    if (place.screen === 'nowhere') return undefined
    return namespace === undefined || name === undefined ? followFleet() : followPage(namespace, name)
  }, [place.screen === 'nowhere', namespace, name])
}

/** A page may be older than the API that it speaks with. */
function Screen({ place }: { place: Place }) {
  const [error] = useErrorBoundary((thrown: unknown) => console.error(thrown))
  if (error) return <Notice title="This cannot be shown">{String(error)}. Loading the page again may help.</Notice>
  switch (place.screen) {
    case 'fleet':
      return <Fleet />
    case 'gates':
      return <Gates />
    case 'release':
      return <Release {...place} />
    case 'history':
      return <History {...place} />
    default:
      return <Notice title="There is nothing here">The address names no page of Sluice.</Notice>
  }
}
