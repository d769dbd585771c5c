import { expect, inject, test } from 'vitest'
import { routeAnnotation } from '../../crds/names.ts'
import { ROLLOUTS } from '../../crds/resources.ts'
import { outcomeOf, phaseOf } from '../stage/sight.ts'
import { PRIMARY, ROLLOUT, type VirtualService } from '../stage/shop.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')

test.concurrent('during a release only our destinations change; at rest every byte is what it was', async () => {
  await using stage = await openStage({ access, name: 'byte-for-byte', foreignShare: 10 })
  const before = routeOf(stage)
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 25 }, { approve: { name: 'go' } }] })
  expect(foreign(stage, routeOf(stage))).toBe(foreign(stage, before))

  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  const during = routeOf(stage)
  expect(withoutDestinations(stage, during)).toBe(withoutDestinations(stage, before))
  expect(shareOf(during, 'legacy.elsewhere.svc.cluster.local')).toBe(0.1)
  expect(shareOf(during, ROLLOUT)).toBe(0)

  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  expect(foreign(stage, routeOf(stage))).toBe(foreign(stage, before))

  await stage.push({ version: '1.6.0' })
  await stage.until('the gate waits again', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await stage.say('abort')
  await stage.until('it is aborted', (sight) => phaseOf(sight) === 'Aborted')
  expect(foreign(stage, routeOf(stage))).toBe(foreign(stage, before))
})

test.concurrent('a Rollout that is deleted in the middle of a release leaves the route as it was', async () => {
  await using stage = await openStage({ access, name: 'deleted' })
  const before = routeOf(stage)
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 25 }, { approve: { name: 'go' } }] })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')

  await stage.kube.delete({ resource: ROLLOUTS, namespace: stage.namespace, name: ROLLOUT })
  await stage.until('the route is at rest', () => stage.weights().at(-1)?.apex === 100)
  expect(JSON.stringify(routeOf(stage).spec)).toBe(JSON.stringify(before.spec))
})

function routeOf(stage: Stage): VirtualService {
  const { route } = stage.now()
  if (!route) throw new Error('the VirtualService is gone')
  return route
}

/** Everything on the object that is somebody else's, as one text. */
function foreign({ namespace }: Stage, { metadata, spec }: VirtualService): string {
  const { [routeAnnotation(namespace, ROLLOUT)]: _ours, ...annotations } = metadata.annotations ?? {}
  return JSON.stringify({ spec, labels: metadata.labels, annotations })
}

function withoutDestinations(stage: Stage, route: VirtualService): string {
  const http = route.spec.http.map((each) => (each.name === PRIMARY ? { ...each, route: [] } : each))
  return foreign(stage, { ...route, spec: { ...route.spec, http } })
}

/** Of the managed route, 0 to 1. */
function shareOf({ spec }: VirtualService, service: string): number {
  const list = spec.http.find(({ name }) => name === PRIMARY)?.route ?? []
  const sum = (entries: typeof list) => entries.reduce((total, { weight = 0 }) => total + weight, 0)
  return sum(list.filter(({ destination }) => destination.host === service)) / sum(list)
}
