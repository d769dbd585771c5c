import { onTestFinished, expect, it } from 'vitest'
import { ENDPOINT_SLICES, PODS, WORKLOAD_ENTRIES } from '../../crds/resources.ts'
import { placeOf } from '../fakes/api-server.ts'
import { eventually } from '../patience.ts'
import { NEXT, REVISION, rollout, stage } from './stage.ts'

const SERVICE = `checkout-${REVISION}`
const missing = (pod: string) => ({
  waitingFor: `pod ${pod} is Ready, but Service ${SERVICE} does not have its address yet`,
})

/** The revision's Service, followed; `last` is what was said last about it. */
async function followed(service = SERVICE) {
  const on = await stage()
  await on.workload.ensureServices(rollout(), [REVISION])
  const ended = new AbortController()
  const states: object[] = []
  const begin = (): void => {
    const following = on.workload.followAddresses(
      { namespace: 'shop', service },
      (state) => states.push(state),
      ended.signal,
    )
    onTestFinished(async () => {
      ended.abort()
      await following
    })
  }
  const slice = (name: string, ...endpoints: { pod: string; ready?: boolean }[]): void => {
    const metadata = { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': SERVICE } }
    on.server.put(ENDPOINT_SLICES, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata,
      endpoints: endpoints.map(({ pod, ready = true }) => ({
        conditions: { ready },
        targetRef: { kind: 'Pod', name: pod },
      })),
    })
  }
  return { ...on, begin, slice, last: () => states.at(-1) }
}

it('waits until the Service of a revision lists every ready pod', async () => {
  const { pod, slice, begin, last } = await followed()
  pod({ name: 'one', status: ready('10.0.0.1') })
  pod({ name: 'two', status: ready('10.0.0.2') })
  slice('a', { pod: 'one' })
  begin()
  await eventually(() => expect(last()).toEqual(missing('two')))
  slice('b', { pod: 'two', ready: false })
  await eventually(() => expect(last()).toEqual(missing('two')))
  slice('b', { pod: 'two' })
  await eventually(() => expect(last()).toEqual({}))
})

it('waits for no pod that is not ready, is leaving, or is of another revision', async () => {
  const { pod, begin, last } = await followed()
  pod({ name: 'starting' })
  pod({ name: 'leaving', ready: true, deleting: true })
  pod({ name: 'other', revision: NEXT, ready: true })
  begin()
  await eventually(() => expect(last()).toEqual({}))
})

it('asks the mesh about a pod that has no address in the network of the cluster', async () => {
  const { pod, server, begin, last } = await followed()
  pod({ name: 'local', ready: true })
  const uid = server.store.list(placeOf(PODS, 'shop'))[0]?.metadata.uid ?? ''
  begin()
  await eventually(() => expect(last()).toEqual(missing('local')))
  server.put(WORKLOAD_ENTRIES, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: {
      name: 'local',
      namespace: 'shop',
      labels: { 'sluice.dev/rollout': 'checkout', 'sluice.dev/revision': REVISION },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'local', uid }],
    },
  })
  await eventually(() => expect(last()).toEqual({}))
})

it('says that there is no such Service', async () => {
  const { begin, last } = await followed('elsewhere')
  begin()
  await eventually(() => expect(last()).toEqual({ waitingFor: 'there is no Service elsewhere', isGone: true }))
})

const ready = (podIP: string) => ({ podIP, conditions: [{ type: 'Ready', status: 'True' }] })
