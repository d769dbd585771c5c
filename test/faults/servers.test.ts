import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGround, type Ground } from '../stage/ground.ts'
import { analysisOf } from '../stage/shop.ts'
import { outcomeOf, phaseOf } from '../stage/sight.ts'
import { sluice } from '../stage/sluice.ts'
import { openStage } from '../stage/stage.ts'

let ground: Ground
beforeAll(async () => {
  ground = await startGround()
})
afterAll(() => ground[Symbol.asyncDispose]())

test('a release holds while Prometheus is down, calls a person after a minute, and goes on after', async () => {
  const { access, stack } = ground
  await using stage = await openStage({ access, name: 'no-data' })
  const stable = await stage.install({
    version: '1.4.0',
    steps: [{ setWeight: 25 }, { analyze: { for: '6s' } }, { setWeight: 50 }],
    analysis: { ...analysisOf(access.prometheus), dataDeadline: '1m' },
  })
  stage.load({ rps: 50 })
  await stage.push({ version: '1.5.0' })
  await stage.until('the analysis has begun', (sight) => phaseOf(sight) === 'Analysing')

  await stack.server('prometheus').kill()
  const { rollout } = await stage.until('it holds', (sight) => phaseOf(sight) === 'Holding' && sight)
  expect(rollout?.status?.message).toMatch(/no data/i)
  await stage.until('a person is called', (sight) =>
    sight.rollout?.status?.message?.includes('longer than analysis.dataDeadline'),
  )
  expect(stage.weights().at(-1)).toMatchObject({ [stable]: 75 })

  await stack.server('prometheus').start()
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
})

test('with Temporal down the route alone goes back, and the workflow takes it as an abort', async () => {
  const { access, stack } = ground
  await using stage = await openStage({ access, name: 'direct' })
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 40 }, { approve: { name: 'go' } }] })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')

  await stack.server('temporal').kill()
  const said = await sluice(access, 'rollback', 'checkout', '--direct', '-n', stage.namespace)
  expect(said).toContain('the abort of release 2')
  await stage.until('nothing goes to the canary', () => stage.weights().at(-1)?.apex === 100)

  await stack.server('temporal').start()
  await stage.until('it is aborted', (sight) => outcomeOf(sight, '1.5.0') === 'Aborted' && phaseOf(sight) === 'Aborted')
  expect(stage.weights().at(-1)).toEqual({ apex: 100 })
})
