import { expect, inject, test } from 'vitest'
import type { Step } from '../../crds/plan.ts'
import type { MatchRoute } from '../../crds/traffic.ts'
import { CANARY } from '../fakes/activities.ts'
import { plan, rehearse, shares, told } from '../rehearsals/play.ts'
import { outcomeOf, phaseOf, releaseOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

const access = inject('access')
const rehearsal = rehearse()

const beta: MatchRoute[] = [{ headers: { 'x-beta': { exact: '1' } } }]
const abTest = (then: 'keep-a' | 'take-b' | 'ask', maxDurationMs: number): Step => ({
  kind: 'abTest',
  cohort: beta,
  percent: 40,
  metric: 'orders',
  maxDurationMs,
  then,
})
const LONG = 3_600_000

test.concurrent('B is taken as soon as it is known to be preferred, and only the cohort was split', async () => {
  const { world, handle } = await rehearsal.begin('b-preferred', plan(abTest('ask', LONG)))
  await told(world, ({ message }) => message.startsWith('A/B test: 40 % of the cohort'))
  const watch = await world.until(() => world.watches.findLast(({ input }) => input.running?.kind === 'abTest'))
  expect(watch.input.running).toMatchObject({ kind: 'abTest', metric: 'orders' })
  watch.end({ kind: 'advance', sentence: 'Advancing: users prefer B.', ledgerHash: '' })
  await handle.result()
  expect(shares(world)).toEqual([40, 100])
  expect(world.asides[0]).toMatchObject({ among: beta })
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
})

test.concurrent('A is kept when its time is over, where that is what was said', async () => {
  const { world, handle } = await rehearsal.begin('keep-a', plan(abTest('keep-a', 50)))
  await handle.result()
  expect(shares(world)).toEqual([40, 0])
  expect(world.told.findLast(({ outcome }) => outcome)).toMatchObject({
    outcome: 'RolledBack',
    message: 'Rolled back: A/B test undecided after 50ms; then: keep-a',
  })
})

test.concurrent('B is taken when its time is over, where that is what was said', async () => {
  const { world, handle } = await rehearsal.begin('take-b', plan(abTest('take-b', 50)))
  await handle.result()
  expect(shares(world)).toEqual([40, 100])
  expect(world.told.at(-1)?.message).toContain('A/B test undecided after 50ms; then: take-b')
})

test.concurrent('a person is asked when its time is over: approve takes B, reject keeps A', async () => {
  const first = await rehearsal.begin('ask-approve', plan(abTest('ask', 50)))
  await told(first.world, ({ gate }) => gate === 'ab-test')
  await first.say('approve', { gate: 'ab-test' })
  await first.handle.result()
  expect(shares(first.world)).toEqual([40, 100])

  const second = await rehearsal.begin('ask-reject', plan(abTest('ask', 50)))
  await told(second.world, ({ gate }) => gate === 'ab-test')
  await second.say('reject', { gate: 'ab-test' })
  await second.handle.result()
  expect(shares(second.world)).toEqual([40, 0])
  expect(second.world.told.findLast(({ outcome }) => outcome)).toMatchObject({ outcome: 'Aborted', canary: CANARY })
})

/** What is hoped for is an answer of its own: 202 is an order. */
const orders = {
  name: 'orders',
  conversion: {
    total: 'istio_requests_total{reporter="source",destination_service_name="$service"}',
    converted: 'istio_requests_total{reporter="source",destination_service_name="$service",response_code="202"}',
  },
}
const ordering = (share: number): Record<string, string> => ({ ERROR_SHARE: `${share}`, ERROR_STATUS: '202' })
const strategy = { abTest: { split: 50, metric: 'orders', maxDuration: '10m', then: 'ask' } }

test.concurrent('users who prefer B have it promoted, those who prefer A keep it', async () => {
  await using stage = await openStage({ access, name: 'ab-decided' })
  const analysis = { interval: '2s', prometheus: { address: access.prometheus }, metrics: [orders] }
  await stage.install({ version: '1.4.0', env: ordering(0.1), steps: [], analysis, spec: { strategy } })
  stage.load({ rps: 80 })

  await stage.push({ version: '1.5.0', env: ordering(0.5) })
  await stage.until('the test is under way', (sight) => phaseOf(sight) === 'Analysing')
  expect(stage.now().rollout?.status).toMatchObject({ weight: 50, step: '1/1' })
  await stage.until('B is taken', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  expect(releaseOf(stage.now(), '1.5.0')?.status?.message).toMatch(/users prefer B — orders: B /)

  await stage.push({ version: '1.6.0', env: ordering(0.05) })
  await stage.until('A is kept', (sight) => outcomeOf(sight, '1.6.0') === 'RolledBack')
  expect(releaseOf(stage.now(), '1.6.0')?.status?.message).toMatch(/users prefer A, which is stable — orders: /)
})
