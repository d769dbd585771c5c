import { expect, inject, test } from 'vitest'
import { sideObject } from '../../crds/names.ts'
import { eventually } from '../patience.ts'
import { outcomeOf, phaseOf } from '../stage/sight.ts'
import { ROLLOUT } from '../stage/shop.ts'
import { openStage } from '../stage/stage.ts'
import { createUser, type User } from '../stage/users.ts'

const access = inject('access')

const PERCENT = 40
const VISITS = 2_000
const AT_ONCE = 20

test.concurrent('of the requests as many are copied as the step says, and every answer is that of stable', async () => {
  await using stage = await openStage({ access, name: 'mirrored' })
  const { namespace } = stage
  const steps = [{ mirror: { percent: PERCENT } }, { approve: { name: 'look' } }]
  await stage.install({ version: '1.4.0', steps })
  const before = JSON.stringify(stage.now().route?.spec)
  await stage.push({ version: '1.5.0', env: { ERROR_SHARE: '1' } })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')

  const side = sideObject(ROLLOUT, stage.now().rollout!.status!.canary!)
  const user = createUser({ access, namespace })
  await eventually(async () => {
    await visits(user, AT_ONCE)
    expect((await counted(namespace, side)).count).toBeGreaterThan(0)
  })
  const earlier = await countedAfterNow(namespace, side)
  expect(await visits(user, VISITS)).toEqual(new Set(['200 1.4.0']))
  const copied = (await countedAfterNow(namespace, side)) - earlier
  expect(Math.abs((100 * copied) / VISITS - PERCENT)).toBeLessThan(5)

  await stage.say('abort')
  await stage.until('it is aborted', (sight) => outcomeOf(sight, '1.5.0') === 'Aborted')
  expect(JSON.stringify(stage.now().route?.spec)).toBe(before)
})

/** What was answered, as `status version`. */
async function visits(user: User, count: number): Promise<Set<string>> {
  const found = new Set<string>()
  let left = count
  async function serve(): Promise<void> {
    for (; left > 0;) {
      left -= 1
      const { status, version } = await user.visit()
      found.add(`${status} ${version}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, serve))
  return found
}

type Counted = { count: number; at: number }

/** As the proxy counts them, when Prometheus has looked again. */
async function countedAfterNow(namespace: string, service: string): Promise<number> {
  const now = Date.now() / 1_000
  return eventually(async () => {
    const { count, at } = await counted(namespace, service)
    expect(at).toBeGreaterThan(now + 1)
    return count
  })
}

/** Requests of one host so far, and when that was read (epoch seconds). */
async function counted(namespace: string, service: string): Promise<Counted> {
  const series = `istio_requests_total{destination_service_namespace="${namespace}",destination_service_name="${service}"}`
  const [count, at] = await Promise.all([ask(`sum(${series})`), ask(`min(timestamp(${series}))`)])
  return { count, at }
}

/** 0 for nothing. */
async function ask(query: string): Promise<number> {
  const response = await fetch(`${access.prometheus}/api/v1/query?query=${encodeURIComponent(query)}`, {
    signal: AbortSignal.timeout(5_000),
  })
  const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } }
  return Number(data.result[0]?.value[1] ?? 0)
}
