import { expect, inject, test } from 'vitest'
import { outcomeOf, phaseOf, type Sight } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

const access = inject('access')

test.concurrent(
  'what was aborted starts again by retry; what was promoted is left by rollback, and stays left',
  async () => {
    await using stage = await openStage({ access, name: 'again' })
    const steps = [{ setWeight: 20 }, { approve: { name: 'go' } }]
    const stable = await stage.install({ version: '1.4.0', steps })
    await stage.push({ version: '1.5.0' })
    await stage.until('the gate waits', atGateOf(2))
    await stage.say('abort')
    const { rollout } = await stage.until('it is aborted', (sight) => phaseOf(sight) === 'Aborted' && sight)
    const revision = rollout?.status?.lastRelease?.revision ?? ''

    await stage.say('retry', { release: 2, revision, reason: 'the database is back' })
    await stage.until('the gate of release 3 waits', atGateOf(3))
    await stage.say('approve')
    await stage.until('1.5.0 serves', ({ rollout }) => rollout?.status?.stable === revision)
    await stage.until(
      'it is promoted',
      (sight) => outcomeOf(sight, '1.5.0') !== undefined && phaseOf(sight) === 'Promoted',
    )

    await stage.say('rollback', { release: 3, revision, reason: 'the shop is empty' })
    const left = await stage.until('1.4.0 serves again', (sight) => hasReturned(sight) && sight)
    expect(left.rollout?.status).toMatchObject({
      stable,
      message: expect.stringContaining('ada said rollback: the shop is empty'),
      lastRelease: { number: 3, revision, outcome: 'Promoted', since: 'rolledBack' },
    })
    expect(stage.weights().at(-1)).toEqual({ apex: 100 })
    await stage.until('the controller says that it is stalled', (sight) => stalledBy(sight) === 'Aborted')

    await stage.push({ version: '1.4.0' })
    await stage.until('it is withdrawn', ({ rollout }) => rollout?.status?.lastRelease?.since === 'withdrawn')
    expect(stage.now().releases.map(({ spec }) => spec.number)).toEqual([1, 2, 3, 4])
  },
)

const atGateOf =
  (release: number) =>
  ({ rollout }: Sight): boolean =>
    rollout?.status?.release === release && rollout.status.gate === 'go'

function hasReturned({ releases, rollout }: Sight): boolean {
  const last = releases.at(-1)
  return last?.spec.number === 4 && last.status?.outcome === 'Promoted' && rollout?.status?.release === undefined
}

const stalledBy = ({ rollout }: Sight): string | undefined =>
  rollout?.status?.conditions?.find(({ type }) => type === 'Stalled')?.reason
