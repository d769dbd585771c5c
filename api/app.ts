import { Hono, type MiddlewareHandler } from 'hono'
import { CALLBACK_PATH } from '../crds/callback.ts'
import { pause } from '../kube/index.ts'
import { knownCaller, visited } from './caller.ts'
import type { Env, Parts } from './context.ts'
import { headers, onlyOurPages, perAddress, perPerson, perVisitor, smallBody, uncached } from './guard.ts'
import { openApiDocument } from './openapi.ts'
import { answerError, Refusal } from './refusal.ts'
import { callbackRoutes } from './routes/callback.ts'
import { fleetRoutes } from './routes/fleet.ts'
import { rolloutRoutes } from './routes/rollout.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { staticRoutes } from './static.ts'
import type { Failure } from './views.ts'

export type AppOptions = Parts & { version: string; uiDirectory: string }

const PER_PERSON = 600
/** Of all who are nobody yet. */
const PER_ADDRESS = 3_000
const ANSWERS_PER_ADDRESS = 300
const PATIENCE_MS = 5_000

/** Everything that is served, as a function from request to response. */
export function createApp({ version, uiDirectory, ...parts }: AppOptions): Hono<Env> {
  const app = new Hono<Env>()
  app.onError((error, c) => answerError(error, c, parts.log))
  app.use(headers({ https: parts.publicUrl.protocol === 'https:' }))
  app.get('/healthz', (c) => c.text('ok\n'))
  const description = openApiDocument(version)
  app.get('/openapi.json', (c) => c.json(description))

  // The token in the address is the right to answer; no cookie is looked at.
  app.use(
    CALLBACK_PATH,
    uncached,
    perAddress(ANSWERS_PER_ADDRESS, 'answers', parts.addressOf),
    smallBody,
    onceKnown(parts),
  )
  app.route(CALLBACK_PATH, callbackRoutes(parts))

  const perMinute = { person: PER_PERSON, address: PER_ADDRESS }
  app.use('/api/*', uncached, onlyOurPages, visited(parts), perVisitor(perMinute, 'requests'), smallBody)
  app.route('/api', signInRoutes(parts))
  app.use('/api/*', knownCaller(parts), perPerson(PER_PERSON, 'requests'), onceKnown(parts))
  app.route('/api', fleetRoutes(parts))
  app.route('/api/rollouts/:namespace/:name', rolloutRoutes(parts))
  app.all('/api/*', (c) => c.json<Failure>({ error: 'there is nothing at this address' }, 404))

  app.route('/', staticRoutes(uiDirectory))
  return app
}

/** Half a fleet would look like a whole one: whoever comes too early waits a little. */
function onceKnown({ known }: Pick<Parts, 'known'>): MiddlewareHandler<Env> {
  let isKnown = false
  void known.then(() => (isKnown = true))
  return async (_c, next) => {
    if (!isKnown) {
      const patience = new AbortController()
      await Promise.race([known, pause(PATIENCE_MS, patience.signal)]).finally(() => patience.abort())
    }
    if (!isKnown) throw new Refusal(503, 'the API has just started and does not know the whole cluster yet')
    await next()
  }
}
