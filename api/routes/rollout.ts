import { Hono } from 'hono'
import { LABEL, releaseObject } from '../../crds/names.ts'
import { RELEASES, ROLLOUTS } from '../../crds/resources.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import type { Caller } from '../access.ts'
import { parsed } from '../body.ts'
import type { ApiContext, Env, Parts } from '../context.ts'
import { decide } from '../deciding.ts'
import { followPage } from '../following-page.ts'
import { perPerson } from '../guard.ts'
import { pageOf, wholeRelease } from '../page.ts'
import { Refusal } from '../refusal.ts'
import { decisionRequest } from '../schema.ts'
import type { Sight } from '../sight.ts'
import { releaseView } from '../view/release.ts'
import type { DecisionView, ReleasePage, ReleaseView } from '../views.ts'

const DECISIONS_PER_MINUTE = 30

type RolloutParts = Pick<Parts, 'cluster' | 'ledgers' | 'workflowUrl' | 'streams'>

/** What concerns one Rollout: read, or refused, by the caller's own token. */
export function rolloutRoutes(parts: RolloutParts): Hono<Env> {
  const { cluster, streams } = parts
  const routes = new Hono<Env>()
  routes.get('/', async (c) => {
    const caller = c.get('caller')
    return c.json<ReleasePage>(await pageOf(parts, await needSight(parts, c), caller))
  })
  routes.get('/stream', async (c) => {
    const caller = c.get('caller')
    const { key } = whichOf(c)
    await needSight(parts, c)
    return streams.open(c, (out) => followPage(parts, { key, caller, out }))
  })
  routes.get('/releases', async (c) => c.json<ReleaseView[]>(await history(c)))
  routes.get('/releases/:number{[0-9]{1,9}}', async (c) => {
    const { namespace, name, key } = whichOf(c)
    const number = Number(c.req.param('number'))
    const { kube } = c.get('caller')
    const release = await kube.get<Release>({ resource: RELEASES, namespace, name: releaseObject(name, number) })
    if (!release || release.spec.rollout !== name) throw new Refusal(404, `there is no release ${number} of ${key}`)
    return c.json<ReleaseView>(
      await wholeRelease(parts, { release, sight: cluster.sight(key), caller: c.get('caller') }),
    )
  })
  routes.post('/decisions', perPerson(DECISIONS_PER_MINUTE, 'decisions'), async (c) => {
    const { namespace, name, key } = whichOf(c)
    const request = await parsed(c, decisionRequest)
    const release = cluster.sight(key)?.releases.find(({ spec }) => spec.number === request.release)
    return c.json<DecisionView>(await decide(c.get('caller'), { namespace, name, request, release }), 201)
  })
  return routes
}

function whichOf(c: ApiContext): { namespace: string; name: string; key: string } {
  const { namespace = '', name = '' } = c.req.param() as { namespace?: string; name?: string }
  return { namespace, name, key: `${namespace}/${name}` }
}

/** Asks the API server as the caller, so that its own sentence is the refusal; what is shown is what watches tell. */
async function needSight({ cluster }: Pick<Parts, 'cluster'>, c: ApiContext): Promise<Sight> {
  const { namespace, name, key } = whichOf(c)
  const rollout = await c.get('caller').kube.get<Rollout>({ resource: ROLLOUTS, namespace, name })
  if (!rollout) throw new Refusal(404, `there is no Rollout ${key}`)
  return cluster.sight(key) ?? { rollout, releases: [], decisions: [], pods: [], events: [] }
}

/** Newest first, without intervals: those come with one release at a time. */
async function history(c: ApiContext): Promise<ReleaseView[]> {
  const { namespace, name } = whichOf(c)
  const { kube }: Pick<Caller, 'kube'> = c.get('caller')
  const labelSelector = `${LABEL.rollout}=${name}`
  const { items } = await kube.list<Release>(RELEASES, { namespace, labelSelector })
  return items.toSorted((a, b) => b.spec.number - a.spec.number).map((release) => releaseView(release, { rows: [] }))
}
