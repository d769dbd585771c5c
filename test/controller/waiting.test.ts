import { expect, it } from 'vitest'
import { FIELD_MANAGER } from '../../crds/names.ts'
import { ROLLOUTS } from '../../crds/resources.ts'
import type { Rollout, RolloutStatus } from '../../crds/schema/rollout.ts'
import { eventually } from '../patience.ts'
import { placeOf } from '../fakes/api-server.ts'
import { stage } from './stage.ts'

const NAMESPACE = 'shop'

it.each<[string, Partial<RolloutStatus>]>([
  ['a person paused', { pausedBy: 'anna' }],
  ['waits at a gate', { gate: 'go-wide' }],
  ['has waited at a gate for too long', { hold: 'gateExpired' }],
  ['pauses until somebody resumes it', { hold: 'untilResumed' }],
])('a release that %s is counted as waiting, until it goes on', async (_, standing) => {
  const { server, start, declare, serves, begins, metrics } = await stage()
  declare('checkout', 'one')
  serves('checkout', 'one')
  declare('checkout', 'two')
  begins('checkout', 'two')
  const at = placeOf(ROLLOUTS, NAMESPACE)
  const { status } = server.store.read(at, 'checkout') as unknown as Rollout
  const tell = (more: Partial<RolloutStatus>) =>
    server.store.apply(at, 'checkout', FIELD_MANAGER.release, { status: { ...status, ...more } }, 'status')
  const seconds = async (): Promise<number> =>
    Number(/^sluice_rollout_manual_pause_duration_seconds\{.*checkout.*\} (\S+)$/m.exec(await metrics.content())?.[1])
  tell(standing)
  start()
  await eventually(async () => expect(await seconds()).toBeGreaterThan(0))
  tell({})
  await eventually(async () => expect(await seconds()).toBe(0))
})
