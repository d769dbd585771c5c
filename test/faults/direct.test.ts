import { afterAll, beforeAll, expect, test } from 'vitest'
import { sluice } from '../stage/sluice.ts'
import { startGround, type Ground } from '../stage/ground.ts'
import { outcomeOf, phaseOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

let ground: Ground
beforeAll(async () => {
  ground = await startGround({ endpointDelayMs: 1_000 })
})
afterAll(() => ground?.[Symbol.asyncDispose]())

test('who went back on the route itself after the commit stays back while the engine lets the route rest', async () => {
  await using stage = await openStage({ access: ground.access, name: 'direct-late' })
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 50 }], spec: { scaleDownDelay: '1h' } })
  const load = stage.load({ rps: 200 })
  await stage.push({ version: '1.5.0' })
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')

  const [engine] = ground.engines
  await engine?.stop()
  const said = await sluice(ground.access, 'rollback', 'checkout', '--direct', '-n', stage.namespace)
  expect(said).toContain('release 2')
  await expect.poll(async () => Object.keys((await load.lap()).versions)).toEqual(['1.4.0'])

  await engine?.start()
  await stage.until(
    'the route is at rest',
    (sight) => stage.weights().at(-1)?.apex === 100 && phaseOf(sight) === 'Aborted',
  )
  const { answered } = await load.stats()
  await expect.poll(async () => (await load.stats()).answered).toBeGreaterThan(answered + 400)
  const { versions, lost, mesh } = await load.lap()
  expect({ versions: Object.keys(versions), lost, mesh }).toEqual({ versions: ['1.4.0'], lost: 0, mesh: 0 })
})
