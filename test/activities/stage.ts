import { onTestFinished } from 'vitest'
import type { Deps } from '../../activities/deps.ts'
import type { WatchInput } from '../../activities/watch.ts'
import type { Reading } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { RELEASES, ROLLOUTS } from '../../crds/resources.ts'
import { createKube, type Kube } from '../../kube/index.ts'
import { createReach } from '../../network/reach.ts'
import type { Readiness } from '../../workload/workload.ts'
import { policy } from '../analysis/shop.ts'
import { startApiServer, type ApiServer } from '../fakes/api-server.ts'
import { createMetrics } from '../../telemetry/index.ts'
import { validManifest } from '../fixtures/manifests.ts'

/** `readings` is what Prometheus says, `pods` what becomes of the canary's, `streams` what is open whenever that is asked. */
export type Scene = {
  policy?: Partial<Policy>
  ledger?: string
  readings?: Reading[]
  pods?: Readiness[]
  streams?: (number | undefined)[]
}

type Event = Parameters<Deps['events']['record']>[0]

export const REF = { namespace: 'shop', name: 'checkout' }

/** Epoch seconds. */
export const BEGAN = Math.floor(Date.now() / 1_000) - 300

/** A watch of release 2 since its first weight. */
export const WATCHED: WatchInput = {
  ref: REF,
  release: 2,
  canary: 'bbb',
  stable: 'aaa',
  epoch: 1,
  marks: [{ slot: 0, weight: 25, since: BEGAN, addedPods: false }],
}

/** The row of that second. */
export const reading = (index: number, more: Partial<Reading>): Reading => ({
  t0: BEGAN + index,
  t1: BEGAN + index + 1,
  cells: {},
  ...more,
})

/** Release 2 of a Rollout on an API server of its own, and hands for the activities about it. */
export async function stage(scene: Scene): Promise<{ server: ApiServer; kube: Kube; events: Event[]; deps: Deps }> {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const kube = createKube({ kubeconfig: server.kubeconfig })
  const apiVersion = 'sluice.dev/v1alpha1'
  const { spec } = validManifest()
  server.put(ROLLOUTS, { apiVersion, kind: 'Rollout', metadata: { ...REF, uid: 'u' }, spec })
  server.put(RELEASES, {
    apiVersion,
    kind: 'Release',
    metadata: { name: 'checkout-2', namespace: REF.namespace },
    spec: { policy: policy({ interval: 1, slots: 2, ...scene.policy }) },
    ...(scene.ledger === undefined ? {} : { status: { ledger: scene.ledger } }),
  })
  const events: Event[] = []
  return { server, kube, events, deps: handsOf(kube, scene, events) }
}

function handsOf(
  kube: Kube,
  { readings = [], pods = [{ desired: 1, ready: 1 }], streams = [] }: Scene,
  events: Event[],
): Deps {
  const asked = [...streams]
  return {
    kube,
    samplers: () => ({
      sources: () => [{ metric: 'errors', query: 'q', window: '1s' }],
      before: async ({ policy: declared }) => ({ before: {}, policy: declared }),
      streams: async () => (asked.length > 0 ? asked.shift() : 0),
      async *read(_request, signal) {
        yield* readings
        await ended(signal)
      },
    }),
    workload: {
      async followPods(_target, see, signal) {
        for (const state of pods) see(state)
        await ended(signal)
      },
      revisions: async () => [],
    } as Partial<Deps['workload']> as Deps['workload'],
    router: {} as Deps['router'],
    events: { record: async (event) => void events.push(event) },
    metrics: createMetrics(),
    site: { cluster: 'test' },
    reach: createReach({ refuses: 'nothing' }),
    now: Date.now,
  }
}

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
