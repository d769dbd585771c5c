import { expect, inject, test } from 'vitest'
import { outcomeOf, phaseOf, releaseOf, type Sight } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

const access = inject('access')

test.concurrent('an approval counts for one release and one gate, and not again', async () => {
  await using stage = await openStage({ access, name: 'stale-words' })
  const steps = [{ setWeight: 20 }, { approve: { name: 'one' } }, { setWeight: 40 }, { approve: { name: 'two' } }]
  await stage.install({ version: '1.4.0', steps, spec: { scaleDownDelay: '15s' } })
  await stage.push({ version: '1.5.0' })
  await stage.until('gate one waits', ({ rollout }) => rollout?.status?.gate === 'one')

  await expect(stage.say('approve', { release: 1 })).rejects.toThrow(/you answer release 1.*but release 2/)
  await expect(stage.say('approve', { revision: '0123456789' })).rejects.toThrow(/revision 0123456789/)
  await expect(stage.say('approve', { gate: 'two' })).rejects.toThrow('gate two is not open; gate one is')
  expect(stage.now().rollout?.status?.gate).toBe('one')

  await stage.say('approve')
  await stage.until('gate two waits', ({ rollout }) => rollout?.status?.gate === 'two')
  await expect(stage.say('approve', { gate: 'one' })).rejects.toThrow('gate one is not open; gate two is')
  const about = { release: 2, revision: releaseOf(stage.now(), '1.5.0')?.spec.revision ?? '', gate: 'two' }
  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  await expect(stage.say('approve', about)).rejects.toThrow(/release 2 is promoted already/)
  await expect(stage.say('abort', about)).rejects.toThrow(/release 2 is promoted already/)
})

test.concurrent('an abort takes the traffic back at once, and says who and why', async () => {
  await using stage = await openStage({ access, name: 'aborted' })
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 40 }, { approve: { name: 'go' } }] })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')

  await stage.say('abort', { reason: 'the phones ring' })
  const { rollout } = await stage.until('it is aborted', (sight) => phaseOf(sight) === 'Aborted' && sight)
  expect(stage.weights().at(-1)).toEqual({ apex: 100 })
  expect(rollout?.status).toMatchObject({
    weight: 0,
    message: 'Release 2 aborted by ada: the phones ring',
    lastRelease: { number: 2, outcome: 'Aborted' },
  })
  await stage.until('the controller says that it is stalled', (sight) =>
    sight.rollout?.status?.conditions?.some(({ type, reason }) => type === 'Stalled' && reason === 'Aborted'),
  )
})

test.concurrent('a pause holds the weight until somebody resumes', async () => {
  await using stage = await openStage({ access, name: 'paused' })
  const steps = [{ setWeight: 20 }, { pause: { for: '2s' } }, { setWeight: 60 }]
  const stable = await stage.install({ version: '1.4.0', steps })
  await stage.push({ version: '1.5.0' })
  await stage.until('20 % is set', ({ rollout }) => rollout?.status?.weight === 20)

  await stage.say('pause')
  await stage.until('it is paused', (sight) => phaseOf(sight) === 'Paused' && /ada/.test(messageOf(sight)))
  expect(stage.weights().at(-1)).toMatchObject({ [stable]: 80 })
  await stage.say('resume')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
})

test.concurrent('a suspended Rollout is watched and does not move forward', async () => {
  await using stage = await openStage({ access, name: 'suspended' })
  const steps = [{ setWeight: 20 }, { pause: { for: '2s' } }, { setWeight: 60 }]
  const stable = await stage.install({ version: '1.4.0', steps })
  await stage.push({ version: '1.5.0' })
  await stage.until('20 % is set', ({ rollout }) => rollout?.status?.weight === 20)

  await stage.push({ version: '1.5.0', spec: { suspend: true } })
  const { rollout } = await stage.until('it is suspended', (sight) => phaseOf(sight) === 'Suspended' && sight)
  expect(rollout?.status?.message).toContain('spec.suspend')
  expect(stage.weights().at(-1)).toMatchObject({ [stable]: 80 })
  await stage.push({ version: '1.5.0', spec: { suspend: false } })
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
})

const messageOf = ({ rollout }: Sight): string => rollout?.status?.message ?? ''
