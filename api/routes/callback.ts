import { Hono } from 'hono'
import { answer, refuseLate } from '../answering.ts'
import { checked, parsed } from '../body.ts'
import { questionPage, sentencePage } from '../callback-page.ts'
import { callbackOf, type Callback } from '../callback-token.ts'
import type { ApiContext, Env, Parts } from '../context.ts'
import { answerError, Refusal } from '../refusal.ts'
import { callbackAnswer } from '../schema.ts'
import type { CallbackAnswer, DecisionView, Failure } from '../views.ts'

type CallbackParts = Pick<Parts, 'callbacks' | 'cluster' | 'log'>

/** Gates are answered here by whoever has an address that the engine sent; nobody is signed in. */
export function callbackRoutes(parts: CallbackParts): Hono<Env> {
  const { log } = parts
  const routes = new Hono<Env>()
  routes.get('/', (c) =>
    seen(c, log, async () => {
      const { callback } = await asked(c, parts)
      refuseLate(parts.cluster, callback)
      return c.html(questionPage(callback))
    }),
  )
  routes.post('/', async (c) => {
    if (!isForm(c)) return c.json<DecisionView>(await take(c, parts, jsonOf), 201)
    return seen(c, log, async () => {
      const { action, gate, name } = await take(c, parts, formOf)
      return c.html(sentencePage('Thank you', `${action} of gate ${gate} is Decision ${name} now.`), 201)
    })
  })
  routes.all('/', (c) => c.json<Failure>({ error: 'a gate is answered by POST' }, 405, { allow: 'GET, HEAD, POST' }))
  return routes
}

type Asked = { kube: NonNullable<Parts['callbacks']>['kube']; callback: Callback }

async function asked(c: ApiContext, { callbacks }: CallbackParts): Promise<Asked> {
  if (!callbacks) throw new Refusal(404, 'no gate is answered here: the API has no secret from --callback-secret-file')
  return { kube: callbacks.kube, callback: await callbackOf(c.req.query('token'), callbacks.secret) }
}

async function take(
  c: ApiContext,
  parts: CallbackParts,
  read: (c: ApiContext) => Promise<CallbackAnswer>,
): Promise<DecisionView> {
  const { kube, callback } = await asked(c, parts)
  const decision = await answer({ kube, cluster: parts.cluster }, callback, await read(c))
  const { namespace, rollout, release, gate, action } = callback
  parts.log.info({ namespace, rollout, release, gate, action, decision: decision.name }, 'a callback was answered')
  return decision
}

/** Nobody has to say anything. */
const jsonOf = async (c: ApiContext): Promise<CallbackAnswer> =>
  (await c.req.text()) === '' ? {} : parsed(c, callbackAnswer)

const isForm = (c: ApiContext): boolean =>
  c.req.header('content-type')?.startsWith('application/x-www-form-urlencoded') === true

/** Browsers send fields that nobody filled in. */
async function formOf(c: ApiContext): Promise<CallbackAnswer> {
  const filled = Object.entries(await c.req.parseBody()).filter(([, text]) => text !== '')
  return checked(Object.fromEntries(filled), callbackAnswer)
}

/** What goes wrong is a page, too. */
async function seen(c: ApiContext, log: Parts['log'], show: () => Promise<Response>): Promise<Response> {
  try {
    return await show()
  } catch (error) {
    const refused = answerError(error, c, log)
    const { error: sentence } = (await refused.json()) as Failure
    return c.html(sentencePage('Not taken', sentence), refused.status as 400)
  }
}
