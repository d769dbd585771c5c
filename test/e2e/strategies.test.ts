import { expect, inject, test } from 'vitest'
import { eventually } from '../patience.ts'
import { hasLeft, outcomeOf, phaseOf, releaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'
import { createUser } from '../stage/users.ts'

const access = inject('access')

const COHORT = { match: [{ headers: { 'x-team': { exact: 'till' } } }] }
const STEPS = [COHORT, { approve: { name: 'look' } }, { setWeight: 50 }]
const STABLE = { status: 200, version: '1.4.0' }
const CANARY = { status: 200, version: '1.5.0' }

test.concurrent('a version that ends in front of its cohort goes back before anybody else has met it', async () => {
  await using stage = await openStage({ access, name: 'cohort-crash' })
  await stage.install({ version: '1.4.0', steps: STEPS })
  const { canary, member } = await atGate(stage)
  await eventually(async () => expect(await member.visit()).toEqual(CANARY))

  await stage.control(canary, { exitCode: 3 })
  await stage.until('it is rolled back', (sight) => outcomeOf(sight, '1.5.0') === 'RolledBack')
  expect(releaseOf(stage.now(), '1.5.0')?.status?.message).toContain('a canary process ended by itself at 0 %')
  await eventually(async () => expect(await member.visit()).toEqual(STABLE))
  await stage.until('it has left', (sight) => hasLeft(sight, canary))
  expect(stage.weights().at(-1)).toEqual({ apex: 100 })
})

test.concurrent('a cohort whose pods are not ready is served by stable until they are', async () => {
  await using stage = await openStage({ access, name: 'cohort-unready' })
  await stage.install({ version: '1.4.0', steps: STEPS })
  const { canary, member } = await atGate(stage)
  await eventually(async () => expect(await member.visit()).toEqual(CANARY))

  await stage.control(canary, { ready: false })
  await stage.until('the cohort is taken back', (sight) => {
    const told = releaseOf(sight, '1.5.0')?.status?.timeline?.some(({ event }) => event === 'Retreated')
    // The Rollout is written after its Release: until then it still says that the gate waits.
    return told && phaseOf(sight) !== 'AwaitingApproval'
  })
  await eventually(async () => expect(await member.visit()).toEqual(STABLE))
  await stage.control(canary, { ready: true })
  await stage.until('the gate waits again', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await eventually(async () => expect(await member.visit()).toEqual(CANARY))
  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
})

async function atGate(stage: Stage) {
  await stage.push({ version: '1.5.0' })
  const canary = await stage.until(
    'the gate waits',
    (sight) => phaseOf(sight) === 'AwaitingApproval' && (sight.rollout?.status?.canary ?? false),
  )
  const member = createUser({ access, namespace: stage.namespace, headers: { 'x-team': 'till' } })
  return { canary, member }
}
