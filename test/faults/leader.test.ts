import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Engine } from '../stage/engine.ts'
import { startGround, type Ground } from '../stage/ground.ts'
import { outcomeOf, phaseOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

let ground: Ground
beforeAll(async () => {
  ground = await startGround({ roles: ['controller', 'controller', 'worker'] })
})
afterAll(() => ground[Symbol.asyncDispose]())

const CONTROLLERS = [0, 1] as const

/** What a controller says about itself since its last start; undefined while it does not run. */
async function healthOf(index: number): Promise<string | undefined> {
  const lines = readFileSync(ground.access.engineLogs[index] ?? '', 'utf8').matchAll(/"healthPort":(\d+)/g)
  const port = [...lines].at(-1)?.[1]
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    (response) => response.text(),
    () => undefined,
  )
}

const leadersNow = async (): Promise<number[]> => {
  const said = await Promise.all(CONTROLLERS.map(healthOf))
  return CONTROLLERS.filter((index) => said[index]?.includes('(this one)'))
}

const eventually = <T>(check: () => Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 60_000, interval: 200 })

test('one controller leads; when it is killed the other goes on with what was declared meanwhile', async () => {
  const leader = await eventually(async () => {
    const [first, ...more] = await leadersNow()
    expect(more).toEqual([])
    expect(first).toBeDefined()
    return first ?? 0
  })
  const other = 1 - leader
  const [name] = /(?<=leader: )\S+/.exec((await healthOf(leader)) ?? '') ?? []
  await eventually(async () => expect(await healthOf(other)).toBe(`engine: ok\nleader: ${name}\n`))

  await using stage = await openStage({ access: ground.access, name: 'leader-killed' })
  const killed = ground.engines[leader] as Engine
  await killed.kill()
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 20 }, { approve: { name: 'go' } }] })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  expect(await leadersNow()).toEqual([other])

  await killed.start()
  await eventually(async () => expect(await healthOf(leader)).toMatch(/^engine: ok\nleader: \S+\n$/))
  expect(await leadersNow()).toEqual([other])
  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
})
