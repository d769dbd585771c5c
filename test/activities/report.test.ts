import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, it } from 'vitest'
import { recordEvent } from '../../activities/events.ts'
import type { Deps } from '../../activities/deps.ts'
import { report, type Progress } from '../../activities/report.ts'
import { watch, type WatchInput, type WatchResult } from '../../activities/watch.ts'
import type { Reading } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { RELEASES, ROLLOUTS } from '../../crds/resources.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import { createMetrics } from '../../telemetry/index.ts'
import { reading, REF, stage, WATCHED } from './stage.ts'

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
  const { deps, events, kube } = await stage({ policy: rules, readings })
  const env = new MockActivityEnvironment()
  const result = await env.run<[Deps, WatchInput], WatchResult, typeof watch>(watch, deps, WATCHED)
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

const said = (at: number, message: string, more: Partial<Progress> = {}): Progress => ({
  ref: REF,
  number: 2,
  canary: 'bbb',
  stable: 'aaa',
  step: '1/1',
  stepIndex: 0,
  weight: 20,
  epoch: 1,
  generation: 1,
  at,
  phase: 'Progressing',
  message,
  ...more,
})
const event = (message: string) => ({ event: { type: 'Normal', reason: 'Skipped', message } as const })

it('what is told late is remembered, and overwrites nothing newer', async () => {
  const { deps, kube } = await stage({})
  await report(deps, said(2_000, 'newer', { ...event('newer'), weight: 50 }))
  await report(deps, said(1_000, 'older', { ...event('older') }))
  const rollout = await kube.get<Rollout>({ resource: ROLLOUTS, ...REF })
  const release = await kube.get<Release>({ resource: RELEASES, namespace: 'shop', name: 'checkout-2' })
  expect(rollout?.status).toMatchObject({ message: 'newer', weight: 50 })
  expect(release?.status).toMatchObject({ message: 'newer', weight: 50 })
  expect(release?.status?.timeline?.map(({ message }) => message)).toEqual(['newer', 'older'])
})

it('nothing is told about a release that has ended, and its end is told after anything', async () => {
  const { deps, kube } = await stage({})
  await report(deps, said(3_000, 'still going'))
  await report(deps, said(2_000, 'promoted', { phase: 'Promoted', outcome: 'Promoted' }))
  await report(deps, said(4_000, 'it holds', { phase: 'Holding' }))
  const rollout = await kube.get<Rollout>({ resource: ROLLOUTS, ...REF })
  expect(rollout?.status).toMatchObject({ message: 'promoted', lastRelease: { number: 2, outcome: 'Promoted' } })
  expect(rollout?.status?.release).toBeUndefined()
})

it('one that is overtaken on its way to the Rollout overwrites nothing either', async () => {
  const { deps, kube } = await stage({})
  const slow: Deps = {
    ...deps,
    workload: {
      ...deps.workload,
      async revisions(ref) {
        await report(deps, said(2_000, 'newer'))
        return deps.workload.revisions(ref)
      },
    },
  }
  await report(slow, said(1_000, 'older'))
  const rollout = await kube.get<Rollout>({ resource: ROLLOUTS, ...REF })
  expect(rollout?.status?.message).toBe('newer')
})

it('a release counts once, however often its end is reported', async () => {
  const { deps } = await stage({})
  const metrics = createMetrics()
  const ended = said(61_000, 'Rolled back', { phase: 'RolledBack', outcome: 'RolledBack' })
  await report({ ...deps, metrics }, said(1_000, 'begun'))
  await report({ ...deps, metrics }, ended)
  await report({ ...deps, metrics }, ended)
  const text = await metrics.content()
  expect(text).toContain('sluice_releases_total{namespace="shop",name="checkout",outcome="RolledBack"} 1')
  expect(text).toContain('sluice_rollbacks_total{namespace="shop",name="checkout",reason="RolledBack"} 1')
  expect(text).toContain('sluice_rollout_duration_seconds_sum{namespace="shop",name="checkout"} 60')
})

it('the status says since when it stands in line for a place, anew whenever it enters it, and who paused it', async () => {
  const { deps, kube } = await stage({})
  const statusAfter = async (now: number, more: Partial<Progress>) => {
    await report({ ...deps, now: () => now }, said(now - 500, 'told', more))
    return (await kube.get<Rollout>({ resource: ROLLOUTS, ...REF }))?.status ?? {}
  }
  const since = (now: number) => ({ queuedAt: new Date(now).toISOString() })
  expect(await statusAfter(1_000, { phase: 'Frozen' })).not.toHaveProperty('queuedAt')
  expect(await statusAfter(2_000, { phase: 'Queued' })).toMatchObject(since(2_000))
  expect(await statusAfter(3_000, { phase: 'Queued' })).toMatchObject(since(2_000))
  expect(await statusAfter(4_000, { phase: 'Paused', pausedBy: 'anna' })).toMatchObject({ pausedBy: 'anna' })
  const again = await statusAfter(5_000, { phase: 'Queued' })
  expect(again).toMatchObject(since(5_000))
  expect(again).not.toHaveProperty('pausedBy')
})

it('steps that a person passed over are remembered, and those that a retreat goes back to are not', async () => {
  const { deps, kube } = await stage({})
  const skippedAfter = async (at: number, more: Partial<Progress>) => {
    await report(deps, said(at, 'told', more))
    const release = await kube.get<Release>({ resource: RELEASES, namespace: REF.namespace, name: 'checkout-2' })
    return release?.status?.skipped
  }
  expect(await skippedAfter(1_000, { stepIndex: 1 })).toBeUndefined()
  expect(await skippedAfter(2_000, { stepIndex: 2, skipped: [1] })).toEqual([1])
  expect(await skippedAfter(4_000, { stepIndex: 5 })).toEqual([1])
  // Told late: something newer was told meanwhile.
  expect(await skippedAfter(3_000, { stepIndex: 5, skipped: [3, 4] })).toEqual([1, 3, 4])
  expect(await skippedAfter(5_000, { stepIndex: 2 })).toEqual([1])
})
