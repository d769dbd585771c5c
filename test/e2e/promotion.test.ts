import { expect, inject, test } from 'vitest'
import { analysisOf } from '../stage/shop.ts'
import { hasLeft, outcomeOf, phaseOf, podsOf, releaseOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

const access = inject('access')

test.concurrent('a good version is promoted by the clock, weight by weight', async () => {
  await using stage = await openStage({ access, name: 'by-the-clock' })
  const steps = [{ setWeight: 20 }, { pause: { for: '1s' } }, { setWeight: 60 }, { pause: { for: '1s' } }]
  const stable = await stage.install({ version: '1.4.0', steps })
  const begun = stage.weights().length

  await stage.push({ version: '1.5.0' })
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  const { rollout } = await stage.until('the old version has left', (sight) => hasLeft(sight, stable) && sight)

  const canary = releaseOf(stage.now(), '1.5.0')?.spec.revision ?? ''
  expect(stage.weights().slice(begun)).toEqual([
    { [stable]: 80, [canary]: 20 },
    { [stable]: 40, [canary]: 60 },
    { [canary]: 100 },
    { apex: 100 },
  ])
  expect(rollout?.status).toMatchObject({
    stable: canary,
    weight: 0,
    lastRelease: { number: 2, revision: canary, outcome: 'Promoted' },
    observedGeneration: rollout?.metadata.generation,
  })
  expect(rollout?.status?.conditions).toEqual([expect.objectContaining({ type: 'Ready', status: 'True' })])
  expect(stage.now().services.map(({ metadata }) => metadata.name)).toEqual(['checkout'])
})

test.concurrent('evidence lets a good version pass, and a person opens the gate', async () => {
  await using stage = await openStage({ access, name: 'by-evidence' })
  const stable = await stage.install({
    version: '1.4.0',
    steps: [{ setWeight: 25 }, { analyze: { for: '4s' } }, { approve: { name: 'go-wide' } }, { setWeight: 50 }],
    analysis: analysisOf(access.prometheus, { slowerThan: '250ms' }),
  })
  const load = stage.load({ rps: 60 })

  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  expect(stage.now().rollout?.status).toMatchObject({ gate: 'go-wide', step: '3/4', weight: 25, release: 2 })
  const counts = releaseOf(stage.now(), '1.5.0')?.status?.counts
  expect(counts?.canary.requests).toBeGreaterThan(0)
  expect(counts?.stable.requests).toBeGreaterThan(counts?.canary.requests ?? 0)

  const serving = podsOf(stage.now(), stage.now().rollout?.status?.canary ?? '').map(({ metadata }) => metadata.name)
  expect(await stage.say('approve', { reason: 'looks good' })).toMatch(/by ada/)
  const release = await stage.until(
    '1.5.0 is promoted',
    (sight) => outcomeOf(sight, '1.5.0') === 'Promoted' && releaseOf(sight, '1.5.0'),
  )
  // A busy machine may leave a row without data: that is a hold, and no step of its own.
  const events = release.status?.timeline?.map(({ event }) => event)
  expect(events?.filter((event) => event !== 'Holding' && event !== 'Resumed')).toEqual([
    'WeightSet',
    'ApprovalNeeded',
    'GateApproved',
    'WeightSet',
    'Promoted',
  ])

  await stage.until('the old version has left', (sight) => hasLeft(sight, stable))
  const pods = podsOf(stage.now(), release.spec.revision)
  expect(pods.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(serving))
  expect(pods.flatMap(({ status }) => status?.containerStatuses?.map(({ restartCount }) => restartCount))).toEqual([
    0, 0,
  ])
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})
