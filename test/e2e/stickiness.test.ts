import { expect, inject, test } from 'vitest'
import { eventually } from '../patience.ts'
import { outcomeOf, releaseOf, type Sight } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'
import { createUser, type User } from '../stage/users.ts'

const access = inject('access')

const USERS = 2_500
/** Whose chance is the measure; so many more users than these come that honest chance does not fail the test. */
const MEASURED = 1_000
/** Of these every one comes again. */
const REGULAR = 1_000
const AT_ONCE = 20
const COOKIE = 'seen'
const FIRST = 20
const SECOND = 50

test.concurrent('users are divided as the weights say, and none leaves the canary while they rise', async () => {
  await using stage = await openStage({ access, name: 'sticky' })
  const { namespace } = stage
  const steps = [
    { setWeight: FIRST },
    { approve: { name: 'first' } },
    { setWeight: SECOND },
    { approve: { name: 'second' } },
  ]
  const spec = { strategy: { canary: { steps, affinity: { cookie: COOKIE, maxAge: '1h' } } } }
  await stage.install({ version: '1.4.0', steps, spec })
  const before = httpOf(stage)
  await stage.push({ version: '1.5.0' })
  const users = Array.from({ length: USERS }, () => createUser({ access, namespace }))

  await atGate(stage, 'first', FIRST)
  const chosen = await visitAll(users)
  expect(offBy(chosen.size, FIRST)).toBeLessThan(3)
  const regular = users.slice(0, REGULAR)
  expect(await visitAll(regular)).toEqual(ofThem(regular, chosen))

  await stage.say('approve')
  await atGate(stage, 'second', SECOND)
  const now = await visitAll(users)
  expect([...chosen].filter((user) => !now.has(user))).toEqual([])
  expect(offBy(now.size, SECOND)).toBeLessThan(3)
  expect(await visitAll(regular)).toEqual(ofThem(regular, now))

  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  expect(httpOf(stage)).toBe(before)
  expect((await visitAll(users.slice(0, 50))).size).toBe(50)
})

/** Users that the canary answered. */
async function visitAll(users: User[]): Promise<Set<User>> {
  const waiting = [...users]
  const found = new Set<User>()
  async function serve(): Promise<void> {
    for (let user = waiting.pop(); user; user = waiting.pop()) {
      const { status, version } = await user.visit()
      expect(status).toBe(200)
      if (version === '1.5.0') found.add(user)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, serve))
  return found
}

const ofThem = (users: User[], chosen: Set<User>): Set<User> => new Set(users.filter((user) => chosen.has(user)))

/**
 * How far the share is from what was to be expected, in standard deviations of a thousand users: three of those are 4.7
 * of all who came, which chance does once in 400,000 runs.
 */
function offBy(found: number, percent: number): number {
  const share = percent / 100
  return Math.abs(found / USERS - share) / Math.sqrt((share * (1 - share)) / MEASURED)
}

/** The gate waits, and the mesh divides by the new weight: whoever is left with stable is told the weight. */
async function atGate(stage: Stage, gate: string, weight: number): Promise<void> {
  await stage.until(`gate ${gate} waits`, ({ rollout }: Sight) => rollout?.status?.gate === gate)
  const token = `${releaseOf(stage.now(), '1.5.0')?.spec.number}-${stage.now().rollout?.status?.canary}`
  await eventually(async () => {
    const user = createUser({ access, namespace: stage.namespace })
    await user.visit()
    expect(user.cookies.get(COOKIE)).toBe(`${token}.s${weight}`)
  })
}

const httpOf = (stage: Stage): string => JSON.stringify(stage.now().route?.spec)
