import { expect, inject, test } from 'vitest'
import { outcomeOf, phaseOf, releaseOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

const access = inject('access')
const GATED = [{ setWeight: 40 }, { approve: { name: 'go' } }]

test.concurrent('a newer version takes the place of the one that is on its way', async () => {
  await using stage = await openStage({ access, name: 'superseded' })
  const stable = await stage.install({ version: '1.4.0', steps: GATED })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')

  await stage.push({ version: '1.5.0', env: { GREETING: 'hello' } })
  await stage.until('release 2 makes way', ({ releases }) => releases[1]?.status?.outcome === 'Superseded')
  await stage.until(
    'release 3 waits at the gate',
    ({ rollout }) => rollout?.status?.release === 3 && rollout.status.gate,
  )
  const [, second, third] = stage.now().releases
  expect(third?.spec).toMatchObject({ number: 3, from: stable })
  expect(third?.spec.revision).not.toBe(second?.spec.revision)
  await stage.say('approve')
  await stage.until('release 3 is promoted', ({ releases }) => releases[2]?.status?.outcome === 'Promoted')
  const first = stage.weights().findLastIndex((weights) => (second?.spec.revision ?? '') in weights)
  const last = stage.weights().findIndex((weights) => (third?.spec.revision ?? '') in weights)
  expect(stage.weights().slice(first + 1, last)).toContainEqual({ apex: 100 })
})

test.concurrent('declaring the old version again withdraws the release', async () => {
  await using stage = await openStage({ access, name: 'reverted' })
  const stable = await stage.install({ version: '1.4.0', steps: GATED })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')

  await stage.push({ version: '1.4.0' })
  await stage.until('it is withdrawn', (sight) => outcomeOf(sight, '1.5.0') === 'Withdrawn')
  const { rollout } = await stage.until(
    'all is well',
    (sight) =>
      sight.rollout?.status?.conditions?.every(({ type, status }) => type === 'Ready' && status === 'True') && sight,
  )
  expect(stage.weights().at(-1)).toEqual({ apex: 100 })
  expect(rollout?.status).toMatchObject({ stable, weight: 0, lastRelease: { number: 2, outcome: 'Withdrawn' } })
})

test.concurrent('a rejected version starts again only after another one was declared', async () => {
  await using stage = await openStage({ access, name: 'rejected' })
  const stable = await stage.install({ version: '1.4.0', steps: GATED })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await stage.say('abort')
  await stage.until('it is aborted', (sight) => phaseOf(sight) === 'Aborted')

  await stage.push({ version: '1.5.0', replicas: 3 })
  await stage.until('the engine has followed the new size', ({ deployments }) =>
    deployments.some(({ metadata, spec }) => metadata.name === `checkout-${stable}` && spec.replicas === 3),
  )
  await stage.until(
    'the engine has seen the new generation',
    ({ rollout }) => rollout?.status?.observedGeneration === rollout?.metadata.generation,
  )
  expect(stage.now().releases).toHaveLength(2)

  await stage.push({ version: '1.4.0', replicas: 3 })
  await stage.until('it is withdrawn', ({ rollout }) => rollout?.status?.lastRelease?.since === 'withdrawn')
  await stage.push({ version: '1.5.0', replicas: 3 })
  const again = await stage.until('1.5.0 waits at the gate again', (sight) => {
    const release = releaseOf(sight, '1.5.0')
    return release?.spec.number === 3 && phaseOf(sight) === 'AwaitingApproval' && release
  })
  expect(again.spec.revision).toBe(stage.now().releases[1]?.spec.revision)
})
