import { Hono } from 'hono'
import { html } from 'hono/html'
import { describeError } from '../../kube/index.ts'
import type { Env, Parts } from '../context.ts'
import { clearCookie, ownCookie, readCookie, writeCookie } from '../cookie.ts'
import { perVisitor } from '../guard.ts'
import { Refusal } from '../refusal.ts'
import { parsed } from '../body.ts'
import { signInRequest } from '../schema.ts'
import type { Oidc } from '../oidc.ts'
import type { Me, SignIn } from '../views.ts'

type SignInParts = Pick<Parts, 'door' | 'sessions' | 'seal' | 'oidc' | 'publicUrl' | 'log'>

export const CALLBACK = '/api/session/oidc/callback'

const PER_MINUTE = 300
const BEGUN_SECONDS = 600

/** By a token of the API server, or by the issuer that the API server trusts. */
export function signInRoutes(parts: SignInParts): Hono<Env> {
  const { door, sessions, oidc } = parts
  const routes = new Hono<Env>()
  routes.use('/session/*', perVisitor({ person: PER_MINUTE, address: PER_MINUTE }, 'sign-ins'))
  routes.get('/session', async (c) =>
    c.json<SignIn>({
      signedIn: (await sessions.read(c)) !== undefined,
      ...(oidc ? { oidc: { url: '/api/session/oidc', issuer: oidc.issuer } } : {}),
    }),
  )
  routes.post('/session', async (c) => {
    const { token } = await parsed(c, signInRequest)
    const { name, groups } = await door.open(token).me()
    await sessions.write(c, { token, person: name })
    return c.json<Me>({ name, groups })
  })
  routes.delete('/session', (c) => {
    sessions.clear(c)
    return c.body(null, 204)
  })
  if (oidc) addFlow(routes, parts, oidc)
  return routes
}

function addFlow(routes: Hono<Env>, { door, sessions, seal, publicUrl, log }: SignInParts, oidc: Oidc): void {
  const secure = publicUrl.protocol === 'https:'
  const { name, path } = ownCookie('sluice-sign-in', { secure, path: '/api/session/oidc' })
  routes.get('/session/oidc', async (c) => {
    const { url, begun } = await oidc.begin().catch((error: unknown) => {
      throw new Refusal(502, `${oidc.issuer} cannot be asked: ${describeError(error)}`)
    })
    const text = await seal.close({ ...begun, to: ourPage(c.req.query('to'), publicUrl) }, 'sign-in', BEGUN_SECONDS)
    // The way back begins at the issuer: a Strict cookie would stay behind.
    writeCookie(c, name, text, { secure, sameSite: 'Lax', seconds: BEGUN_SECONDS, path })
    return c.redirect(url.href)
  })
  routes.get('/session/oidc/callback', async (c) => {
    const text = readCookie(c, name)
    const begun = text === undefined ? undefined : await seal.open(text, 'sign-in')
    clearCookie(c, name, { secure, path })
    try {
      if (!begun) throw new Refusal(400, 'this sign-in was not begun in this browser, or too long ago')
      const { search } = new URL(c.req.url)
      const { state, nonce, verifier, to } = begun as Record<'state' | 'nonce' | 'verifier' | 'to', string>
      const session = await oidc.end(new URL(`${CALLBACK}${search}`, publicUrl), { state, nonce, verifier })
      const { name: person } = await door.open(session.token).me()
      await sessions.write(c, { ...session, person })
      return c.redirect(to)
    } catch (error) {
      log.warn({ error: describeError(error) }, 'a sign-in failed')
      return c.html(failed(describeError(error)), 401)
    }
  })
}

/**
 * Only a page of ours, read as browsers read it: they take a backslash for a slash and leave tabs out. What is left of
 * `/.//host` is an address of its own again.
 */
function ourPage(to: string | undefined, publicUrl: URL): string {
  const url = to === undefined ? null : URL.parse(to, publicUrl.href)
  if (url?.origin !== publicUrl.origin || url.pathname.startsWith('//')) return '/'
  return `${url.pathname}${url.search}${url.hash}`
}

const failed = (why: string) =>
  html`<!doctype html>
    <html lang="en">
      <title>Not signed in</title>
      <p>You are not signed in: ${why}</p>
      <p><a href="/">Back</a></p>
    </html>`
