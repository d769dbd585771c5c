import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, it, onTestFinished } from 'vitest'
import { lookBack, type Beginning } from '../../activities/beginning.ts'
import type { Deps } from '../../activities/deps.ts'
import type { LookedBack } from '../../analysis/sampler.ts'
import type { Metric, Policy } from '../../crds/policy.ts'
import { RELEASES, ROLLOUTS } from '../../crds/resources.ts'
import { createKube } from '../../kube/index.ts'
import { policy } from '../analysis/shop.ts'
import { startApiServer } from '../fakes/api-server.ts'
import { validManifest } from '../fixtures/manifests.ts'

/** What is noticed before the first weight; `seen` is what Prometheus knows. */
type Play = { policy?: Partial<Policy>; seen?: Partial<LookedBack>; affinity?: string }

const REF = { namespace: 'shop', name: 'checkout' }

async function look({ policy: rules, seen, affinity }: Play = {}): Promise<Beginning> {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const kube = createKube({ kubeconfig: server.kubeconfig })
  const { spec } = validManifest()
  server.put(ROLLOUTS, { apiVersion: 'sluice.dev/v1alpha1', kind: 'Rollout', metadata: { ...REF, uid: 'u' }, spec })
  server.put(RELEASES, {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Release',
    metadata: { name: 'checkout-2', namespace: 'shop' },
    spec: { policy: policy(rules) },
  })
  const deps = {
    kube,
    samplers: () => ({
      sources: () => [],
      before: async ({ policy: asked }) => ({ before: {}, policy: asked, ...seen }),
      streams: async () => undefined,
      async *read() {},
    }),
    workload: { revisions: async () => [{ revision: 'aaa', replicas: 1, ready: 1 }] } as Partial<Deps['workload']>,
    router: { affinity: async () => affinity } as Partial<Deps['router']>,
    now: Date.now,
  } as Partial<Deps> as Deps
  const input = { ref: REF, release: 2, epoch: 1, canary: 'bbb', stable: 'aaa' }
  return new MockActivityEnvironment().run(lookBack, deps, input)
}

it('says nothing about a Rollout that fits its Prometheus', async () => {
  expect(await look({ policy: { interval: 10 }, seen: { scrape: 5.02 } })).toEqual({})
})

it('warns of an interval in which there is hardly a sample, of a boundary that had to move, and of clients that stick', async () => {
  const latency: Metric = { name: 'latency', kind: 'latency', slowerThanMs: 300 }
  const exact: Metric = { name: 'slow', kind: 'latency', slowerThanMs: 1_000 }
  const found = policy({
    interval: 5,
    metrics: [
      { ...latency, boundariesMs: [250, 500, 1_000] },
      { ...exact, boundariesMs: [500, 1_000, 2_500] },
    ],
  })
  const { notes } = await look({
    policy: { interval: 5, metrics: [latency, exact] },
    seen: { scrape: 14.98, policy: found },
    affinity: 'trafficPolicy of DestinationRule checkout',
  })
  expect(notes).toEqual([
    {
      type: 'Warning',
      reason: 'IntervalTooShort',
      message:
        'analysis.interval is 5s, but Prometheus looks at the slowest target every 15s only: below twice that, rows without data hold the release; declare 30s or more',
    },
    {
      type: 'Normal',
      reason: 'BoundaryMoved',
      message:
        'latency counts requests slower than 500ms instead of 300ms: that is the next bucket boundary that the histograms have',
    },
    {
      type: 'Warning',
      reason: 'SessionAffinity',
      message:
        'trafficPolicy of DestinationRule checkout keeps the requests of a client together (consistentHash): they fail together then, which is weaker evidence than it looks; raise analysis.burst, or count users by counters',
    },
  ])
})
