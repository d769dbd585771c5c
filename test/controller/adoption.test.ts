import { expect, it } from 'vitest'
import { ADOPTED_BY, HAND_BACK } from '../../crds/names.ts'
import { DEPLOYMENTS, NAMESPACES, ROLLOUTS, SERVICES, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { Resource } from '../../kube/index.ts'
import { placeOf } from '../fakes/api-server.ts'
import { eventually } from '../patience.ts'
import { NAMESPACE, revision, stage, template } from './stage.ts'

const REFUSED = {
  reason: 'InvalidSpec',
  message: expect.stringContaining('field manager git applies replicas of Deployment checkout') as string,
}

/** At rest on revision one, while git applies the replicas of the Deployment that was taken over. */
async function contested() {
  const on = await stage()
  const { server, declare, serves } = on
  const metadata = { name: 'checkout', namespace: 'shop', annotations: { [ADOPTED_BY]: 'checkout' } }
  const labels = { app: 'shop' }
  const fieldsV1 = { 'f:spec': { 'f:replicas': {} } }
  const declareDeployment = (image: string): void => {
    server.put(DEPLOYMENTS, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...metadata, managedFields: [{ manager: 'git', operation: 'Apply', fieldsV1 }] },
      spec: { replicas: 0, selector: { matchLabels: labels }, template: template(image) },
    })
  }
  const selector = { ...labels, 'sluice.dev/revision': revision('one') }
  const ports = [{ name: 'http', port: 80 }]
  server.put(SERVICES, { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports } })
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'checkout' }
  declareDeployment('one')
  declare('checkout', 'one', { template: undefined, workloadRef })
  serves('checkout', 'one')
  return { ...on, declareDeployment }
}

it('a workload whose replicas somebody applies is scaled as declared, and who it is stays said', async () => {
  const { start, size, looks, stalled } = await contested()
  size('checkout', 'one', 1)
  start()
  await eventually(() => expect(looks('checkout')).toBe(1))
  await eventually(() => expect(stalled('checkout')).toEqual(REFUSED))
})

it('but no release of it begins', async () => {
  const { start, declareDeployment, looks, stalled, caughtUp } = await contested()
  declareDeployment('two')
  start()
  await eventually(() => expect(stalled('checkout')).toEqual(REFUSED))
  await caughtUp()
  expect(looks('checkout')).toBe(0)
})

it('where the Deployment went, Service and route are left as they were declared when the Rollout goes', async () => {
  const { server, writesRoute, remove, start, temporal } = await contested()
  const read = (resource: Resource) => server.store.read(placeOf(resource, NAMESPACE), 'checkout')
  server.put(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
  writesRoute('checkout', 100, { fence: 'u:1.3', release: 1 })
  server.store.merge(placeOf(ROLLOUTS, NAMESPACE), 'checkout', { metadata: { finalizers: [HAND_BACK] } })
  server.store.remove(placeOf(DEPLOYMENTS, NAMESPACE), 'checkout')
  remove('checkout')
  start()
  await eventually(() => expect(server.store.list(placeOf(ROLLOUTS, NAMESPACE))).toEqual([]))
  expect((read(SERVICES) as { spec?: { selector?: object } }).spec?.selector).toEqual({ app: 'shop' })
  expect(read(SERVICES).metadata.annotations ?? {}).toEqual({})
  expect(read(VIRTUAL_SERVICES).metadata.annotations ?? {}).toEqual({})
  await eventually(() => expect(temporal.cancelled).toEqual(['checkout']))
})
