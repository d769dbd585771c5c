import { Hono } from 'hono'
import { RELEASES } from '../../crds/resources.ts'
import type { Caller } from '../access.ts'
import type { Env, Parts } from '../context.ts'
import { whyNotCounted } from '../deciding.ts'
import { followFleet, visibleLines } from '../following.ts'
import { currentRelease } from '../sight.ts'
import { gateView, groundsOf } from '../view/gate.ts'
import type { GateView, Me, RolloutView } from '../views.ts'

type FleetParts = Pick<Parts, 'fleet' | 'cluster' | 'streams'>

/** What concerns more than one Rollout. */
export function fleetRoutes({ fleet, cluster, streams }: FleetParts): Hono<Env> {
  const routes = new Hono<Env>()
  routes.get('/me', async (c) => {
    const { name, groups } = await c.get('caller').me()
    return c.json<Me>({ name, groups })
  })
  routes.get('/rollouts', async (c) => {
    const lines = await visibleLines(fleet, c.get('caller'))
    return c.json<RolloutView[]>(lines.map(({ view }) => view))
  })
  routes.get('/stream', (c) => {
    const caller = c.get('caller')
    const lastEventId = c.req.header('last-event-id')
    return streams.open(c, (out) => followFleet(fleet, { caller, lastEventId, out }))
  })
  routes.get('/gates', async (c) => {
    const caller = c.get('caller')
    const lines = await visibleLines(fleet, caller)
    const waiting = lines.filter(({ view }) => view.gate !== undefined)
    const gates = await Promise.all(waiting.map(({ view }) => gateOf(view, cluster, caller)))
    return c.json<GateView[]>(gates.filter((gate) => gate !== undefined))
  })
  return routes
}

async function gateOf(
  { key, namespace, name }: RolloutView,
  cluster: Pick<Parts['cluster'], 'sight'>,
  caller: Caller,
): Promise<GateView | undefined> {
  const sight = cluster.sight(key)
  const waiting = sight && gateView(sight)
  const release = sight && currentRelease(sight)
  if (!waiting || !release) return undefined
  const [isReader, isApprover] = await Promise.all([
    caller.may({ verb: 'get', resource: RELEASES, namespace }),
    caller.mayDecide('approve', namespace, name),
  ])
  const whyNot = whyNotCounted(sight, await caller.me())
  const shown = isReader ? { ...groundsOf(release), ...(whyNot === undefined ? {} : { whyNot }) } : {}
  return { ...waiting, ...shown, mayApprove: whyNot === undefined && isApprover }
}
