import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, it, onTestFinished } from 'vitest'
import { recordEvent } from '../../activities/events.ts'
import type { Deps } from '../../activities/deps.ts'
import { report, type Progress } from '../../activities/report.ts'
import { watch, type WatchInput, type WatchResult } from '../../activities/watch.ts'
import type { Reading } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { RELEASES, ROLLOUTS } from '../../crds/resources.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import { createKube } from '../../kube/index.ts'
import { policy } from '../analysis/shop.ts'
import { startApiServer } from '../fakes/api-server.ts'
import { validManifest } from '../fixtures/manifests.ts'

type Noted = Parameters<Deps['events']['record']>[0]

const REF = { namespace: 'shop', name: 'checkout' }
const BEGAN = Math.floor(Date.now() / 1_000) - 300
const reading = (index: number, more: Partial<Reading>): Reading => ({
  t0: BEGAN + index,
  t1: BEGAN + index + 1,
  cells: {},
  ...more,
})

async function stage(rules: Partial<Policy>, readings: Reading[]) {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const kube = createKube({ kubeconfig: server.kubeconfig })
  const { spec } = validManifest()
  const apiVersion = 'sluice.dev/v1alpha1'
  server.put(ROLLOUTS, { apiVersion, kind: 'Rollout', metadata: { ...REF, uid: 'u' }, spec })
  const metadata = { name: 'checkout-2', namespace: 'shop' }
  server.put(RELEASES, { apiVersion, kind: 'Release', metadata, spec: { policy: policy({ interval: 1, ...rules }) } })
  const events: Noted[] = []
  const ended = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  const deps: Deps = {
    kube,
    samplers: () => ({
      sources: () => [],
      before: async ({ policy: asked }) => ({ before: {}, policy: asked }),
      async *read(_request, signal) {
        yield* readings
        await ended(signal)
      },
    }),
    workload: {
      async followPods(_target, see, signal) {
        see({ desired: 1, ready: 1 })
        await ended(signal)
      },
      revisions: async () => [],
    } as Partial<Deps['workload']> as Deps['workload'],
    router: {} as Deps['router'],
    events: { record: async (event) => void events.push(event) },
    metrics: { analysisVerdicts: { inc: () => undefined }, rollbacks: { inc: () => undefined } } as Partial<
      Deps['metrics']
    > as Deps['metrics'],
    now: Date.now,
  }
  return { deps, events, kube }
}

const gauge: Policy['metrics'][number] = {
  name: 'queue',
  kind: 'gauge',
  query: 'q',
  bounds: { max: 100 },
  advisory: false,
}

it.each<[string, Partial<Policy>, Reading[]]>([
  ['bound', { metrics: [gauge] }, [0, 1, 2].map((index) => reading(index, { gauges: { queue: 180 } }))],
  [
    'budget',
    { errorBudget: 50, falseRollback: 1e-9 },
    Array.from({ length: 40 }, (_, index) => reading(index, { cells: { errors: [1_000, 3_000, 10, 15] } })),
  ],
])('Rollout, Release and Event say the sentence of the verdict: %s', async (reason, rules, readings) => {
  const { deps, events, kube } = await stage(rules, readings)
  const marks = [{ slot: 0, weight: 25, since: BEGAN, addedPods: false }]
  const watched = { ref: REF, release: 2, canary: 'bbb', stable: 'aaa', epoch: 1, marks }
  const env = new MockActivityEnvironment()
  const result = await env.run<[Deps, WatchInput], WatchResult, typeof watch>(watch, deps, watched)
  if (result.kind !== 'rollback') throw new Error(`the verdict is ${JSON.stringify(result)}`)
  expect(result.reason).toBe(reason)
  const { sentence } = result
  const event = { type: 'Warning', reason: 'RolledBack', message: sentence } as const
  const progress: Progress = {
    ref: REF,
    number: 2,
    canary: 'bbb',
    stable: 'aaa',
    step: '1/1',
    stepIndex: 0,
    weight: 0,
    epoch: 1,
    generation: 1,
    at: Date.now(),
    phase: 'RolledBack',
    outcome: 'RolledBack',
    message: sentence,
    event,
  }
  await report(deps, progress)
  await recordEvent(deps, { ref: REF, uid: 'u', ...event })

  expect(sentence).toMatch(/^Rolled back: ./)
  const rollout = await kube.get<Rollout>({ resource: ROLLOUTS, ...REF })
  const release = await kube.get<Release>({ resource: RELEASES, namespace: 'shop', name: 'checkout-2' })
  expect(rollout?.status?.message).toBe(sentence)
  expect(rollout?.status?.conditions?.find(({ type }) => type === 'Ready')?.message).toBe(sentence)
  expect(release?.status).toMatchObject({ message: sentence, outcome: 'RolledBack', verdict: { reason, sentence } })
  expect(release?.status?.timeline?.at(-1)?.message).toBe(sentence)
  expect(events).toMatchObject([{ type: 'Warning', reason: 'RolledBack', note: sentence }])
})
