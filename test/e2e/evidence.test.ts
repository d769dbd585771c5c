import { expect, inject, test } from 'vitest'
import { decodeLedger, judge } from '../../analysis/index.ts'
import type { KubeObject } from '../../kube/index.ts'
import { startProxy, type Manner } from '../stage/proxy.ts'
import { analysisOf } from '../stage/shop.ts'
import { outcomeOf, phaseOf, releaseOf, type Sight } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
const STEPS = [{ setWeight: 25 }, { analyze: { for: '4s' } }, { setWeight: 50 }]
/** With an objective: this shop has no errors that a canary could be compared with. */
const analysis = { ...analysisOf(access.prometheus), interval: '1s', slo: 99 }
const ramp = (ladder: number[]) => ({ strategy: { canary: { ramp: { ladder } } } })

test.concurrent('a ramp takes a good version up its rungs by evidence, and says why', async () => {
  await using stage = await openStage({ access, name: 'ramp-good' })
  const stable = await stage.install({ version: '1.4.0', steps: [], analysis, spec: ramp([40, 60]) })
  stage.load({ rps: 40 })
  await stage.push({ version: '1.5.0' })
  await stage.until('it is watched', ({ rollout }) => rollout?.status?.message?.startsWith('Ramp: 40 %'))
  const promoted = stage.until(
    'the status says why',
    ({ rollout }) => /^Promoted: .* Advancing from 60 %: the canary keeps/.test(rollout?.status?.message ?? ''),
    200_000,
  )
  const { status, spec } = await stage.until(
    '1.5.0 is promoted',
    (sight) => outcomeOf(sight, '1.5.0') === 'Promoted' && releaseOf(sight, '1.5.0'),
    200_000,
  )
  expect(stage.weights().slice(-4)).toEqual([
    { [stable]: 60, [spec.revision]: 40 },
    { [stable]: 40, [spec.revision]: 60 },
    { [spec.revision]: 100 },
    { apex: 100 },
  ])
  expect(status?.message).toMatch(/^Promoted: .* Advancing from 60 %: the canary keeps the objective of 99 %/)
  await promoted
  await recomputes(stage, '1.5.0')
})

test.concurrent('a ramp stops a version that fails completely at its first rung', async () => {
  await using stage = await openStage({ access, name: 'ramp-broken' })
  await stage.install({ version: '1.4.0', steps: [], analysis, spec: ramp([5, 25, 50]) })
  stage.load({ rps: 60 })
  await stage.push({ version: '1.5.0', env: { ERROR_SHARE: '1' } })
  const { status, spec } = await stage.until(
    '1.5.0 is rolled back',
    (sight) => outcomeOf(sight, '1.5.0') === 'RolledBack' && releaseOf(sight, '1.5.0'),
  )
  const given = stage.weights().flatMap((weights) => weights[spec.revision] ?? [])
  expect(Math.max(...given)).toBe(5)
  await tellsEverywhere(stage, status?.verdict?.sentence ?? '')
})

test.concurrent('a fault that begins in the bake goes back: a little was held back on stable', async () => {
  await using stage = await openStage({ access, name: 'bakes' })
  const stable = await stage.install({
    version: '1.4.0',
    steps: [{ setWeight: 50 }],
    analysis,
    spec: { bake: { for: '2m', holdBack: 5 } },
  })
  stage.load({ rps: 60 })
  await stage.push({ version: '1.5.0' })
  const canary = await stage.until('it bakes', ({ rollout }) => {
    const { weight, canary: revision, message } = rollout?.status ?? {}
    return weight === 95 && message?.startsWith('Baking') && revision
  })
  expect(stage.weights().at(-1)).toEqual({ [stable]: 5, [canary]: 95 })
  await stage.control(canary, { errorShare: 0.3 })
  await stage.until('it is rolled back', (sight) => outcomeOf(sight, '1.5.0') === 'RolledBack')
  expect(stage.weights().at(-1)).toEqual({ apex: 100 })
  expect(stage.weights()).not.toContainEqual({ [canary]: 100 })
})

test.concurrent('a good version is promoted after its bake', async () => {
  await using stage = await openStage({ access, name: 'baked' })
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 50 }], analysis, spec: { bake: { for: '5s' } } })
  stage.load({ rps: 40 })
  await stage.push({ version: '1.5.0' })
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  const canary = releaseOf(stage.now(), '1.5.0')?.spec.revision ?? ''
  expect(
    stage
      .weights()
      .slice(-3)
      .map((weights) => weights[canary]),
  ).toEqual([95, 100, undefined])
  await recomputes(stage, '1.5.0')
})

test.concurrent('who observes is told what would have been done, and nothing else happens', async () => {
  await using stage = await openStage({ access, name: 'observed' })
  const steps = [{ setWeight: 25 }, { approve: { name: 'go' } }, { analyze: { for: '2s' } }]
  await stage.install({ version: '1.4.0', steps, analysis: { ...analysis, mode: 'observe' } })
  stage.load({ rps: 60 })
  await stage.push({ version: '1.5.0', env: { ERROR_SHARE: '0.3' } })
  const { rollout, releases } = await stage.until(
    'it is told',
    (sight) => sight.rollout?.status?.message?.startsWith('Would have rolled back: ') && sight,
  )
  expect(rollout?.status?.weight).toBe(25)
  expect(releases[1]?.status?.timeline?.map(({ event }) => event)).toContain('WouldRollBack')
  await stage.until('the gate still waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
})

test.concurrent.for<[Manner, RegExp]>([
  ['unauthorized', /401/],
  ['html', /not that of Prometheus/],
])('where Prometheus answers %s nothing begins, and the hold names the cause', async ([manner, cause]) => {
  await using proxy = await startProxy(access.prometheus, manner)
  await using stage = await openStage({ access, name: `refused-${manner}` })
  const declared = { ...analysis, prometheus: { address: proxy.url } }
  await stage.install({ version: '1.4.0', steps: STEPS, analysis: declared })
  stage.load({ rps: 25 })
  await stage.push({ version: '1.5.0' })
  await holdsFor(stage, cause)
  expect(stage.weights()).toEqual([{ apex: 100 }])
  proxy.become('pass')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
})

test.concurrent.for<[Manner, RegExp]>([
  ['unauthorized', /401/],
  ['NaN', /NaN/],
  ['empty', /no data from Prometheus .*no requests of checkout-/],
])('when Prometheus begins to answer %s nothing moves, and the hold names the cause', async ([manner, cause]) => {
  await using proxy = await startProxy(access.prometheus, 'pass')
  await using stage = await openStage({ access, name: `answers-${manner.toLowerCase()}` })
  const declared = { ...analysis, prometheus: { address: proxy.url } }
  const stable = await stage.install({ version: '1.4.0', steps: STEPS, analysis: declared })
  stage.load({ rps: 25 })
  await stage.push({ version: '1.5.0' })
  await stage.until('the canary has a weight', ({ rollout }) => rollout?.status?.weight === 25)
  proxy.become(manner)
  const { rollout } = await holdsFor(stage, cause)
  expect(stage.weights().at(-1)).toEqual({ [stable]: 75, [rollout?.status?.canary ?? '']: 25 })
  proxy.become('pass')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
})

const holdsFor = (stage: Stage, cause: RegExp): Promise<Sight> =>
  stage.until(
    'it holds',
    (sight) => phaseOf(sight) === 'Holding' && cause.test(sight.rollout?.status?.message ?? '') && sight,
  )

test.concurrent('without the Secret of Prometheus nothing begins, and the hold names it', async () => {
  await using stage = await openStage({ access, name: 'no-secret' })
  const auth = { bearerToken: { secret: 'prometheus', key: 'token' } }
  const declared = { ...analysis, prometheus: { address: access.prometheus, auth } }
  await stage.install({ version: '1.4.0', steps: STEPS, analysis: declared })
  await stage.push({ version: '1.5.0' })
  const { rollout } = await stage.until('it holds', (sight) => phaseOf(sight) === 'Holding' && sight)
  expect(rollout?.status?.message).toContain('key token of Secret no-secret/prometheus')
  expect(rollout?.status?.weight).toBe(0)
  await stage.say('abort')
  await stage.until('it is aborted', (sight) => outcomeOf(sight, '1.5.0') === 'Aborted')
  expect(stage.weights()).toEqual([{ apex: 100 }])
})

/** Rollout, Release and an Event say the same sentence, so that nobody has to open Prometheus. */
async function tellsEverywhere(stage: Stage, sentence: string): Promise<void> {
  expect(sentence).not.toBe('')
  const { releases, rollout } = await stage.until(
    'the status says it',
    (sight) => sight.rollout?.status?.message === sentence && sight,
  )
  expect(releases[1]?.status?.message).toBe(sentence)
  expect(releases[1]?.status?.timeline?.at(-1)?.message).toBe(sentence)
  expect(rollout?.status?.conditions?.find(({ type }) => type === 'Ready')?.message).toBe(sentence)
  const events = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true }
  const notes = async () => {
    const { items } = await stage.kube.list<KubeObject & { note?: string }>(events, { namespace: stage.namespace })
    return items.map(({ note }) => note)
  }
  await expect.poll(notes).toContain(sentence)
}

/** The ledger of a release that is over is whole: its last verdict comes out of it again. */
async function recomputes(stage: Stage, version: string): Promise<void> {
  const { ledger, verdict } = await stage.until('the last row is stored', (sight) => {
    const { status } = releaseOf(sight, version) ?? {}
    return decodeLedger(status?.ledger ?? '').rows.at(-1)?.t1 === status?.verdict?.at && status
  })
  expect(JSON.parse(JSON.stringify(judge({ ledger: decodeLedger(ledger ?? '') })))).toEqual(verdict)
}
