import { expect, inject, test } from 'vitest'
import { routeAnnotation } from '../../crds/names.ts'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import { eventually } from '../patience.ts'
import { outcomeOf, phaseOf } from '../stage/sight.ts'
import { ROLLOUT } from '../stage/shop.ts'
import { openStage, type Stage } from '../stage/stage.ts'
import { createUser, type Answer, type User } from '../stage/users.ts'

const access = inject('access')

const STABLE: Answer = { status: 200, version: '1.4.0' }
/** No answer comes before the delay is over; clocks of two processes differ by less than this. */
const DELAYED_MS = 1_900
const CANARY: Answer = { status: 200, version: '1.5.0' }

test.concurrent(
  'a cohort meets the canary only, and everybody else stable only; a fault hits the cohort and ends',
  async () => {
    await using stage = await openStage({ access, name: 'cohorts' })
    const before = specOf(stage)
    const steps = [
      { match: [{ headers: { 'x-team': { exact: 'till' } }, cookies: { tester: { regex: 'a.*' } } }] },
      { approve: { name: 'look' } },
      { fault: { abort: 418, for: '1h' } },
      { approve: { name: 'between' } },
      { fault: { delay: '2s', for: '1h' } },
      { approve: { name: 'after' } },
    ]
    await stage.install({ version: '1.4.0', steps })
    await stage.push({ version: '1.5.0' })
    await stage.until('the gate waits', ({ rollout }) => rollout?.status?.gate === 'look')

    const { namespace } = stage
    const member = createUser({ access, namespace, headers: { 'x-team': 'till' }, cookies: { id: '7', tester: 'ada' } })
    const others = [
      createUser({ access, namespace }),
      createUser({ access, namespace, headers: { 'x-team': 'till' } }),
      createUser({ access, namespace, cookies: { tester: 'ada' } }),
      createUser({
        access,
        namespace,
        headers: { 'x-team': 'till' },
        cookies: { tester: 'b', x: 'ada', 'x-tester': 'a' },
      }),
    ]
    await eventually(async () => expect(await member.visit()).toEqual(CANARY))
    expect(await answersOf(member, 50)).toEqual([CANARY])
    expect(await Promise.all(others.map((user) => answersOf(user, 20)))).toEqual(others.map(() => [STABLE]))
    expect(stage.weights().at(-1)).toEqual({ apex: 100 })

    await stage.say('approve')
    await eventually(async () => expect((await member.visit()).status).toBe(418))
    expect(await answersOf(member, 50)).toEqual([{ status: 418, version: undefined }])
    expect(await Promise.all(others.map((user) => answersOf(user, 20)))).toEqual(others.map(() => [STABLE]))

    await stage.say('step')
    await stage.until('the gate behind it waits', ({ rollout }) => rollout?.status?.gate === 'between')
    await eventually(async () => expect(await member.visit()).toEqual(CANARY))
    expect(await answersOf(member, 50)).toEqual([CANARY])

    await stage.say('approve')
    await eventually(async () => expect(await waitOf(member)).toBeGreaterThan(DELAYED_MS))
    expect(Math.min(...(await Promise.all(Array.from({ length: 20 }, () => waitOf(member)))))).toBeGreaterThan(
      DELAYED_MS,
    )
    expect(await answersOf(member, 20)).toEqual([CANARY])
    await stage.say('step')
    await stage.until('the gate behind it waits', ({ rollout }) => rollout?.status?.gate === 'after')
    expect(specOf(stage)).not.toContain('fixedDelay')

    await stage.say('approve')
    await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
    await eventually(async () => expect(await others[0]!.visit()).toEqual(CANARY))
    expect(specOf(stage)).toBe(before)
  },
)

test.concurrent(
  'an edit of its routes is taken back; an abort sends the cohort back to stable and takes its routes away',
  async () => {
    await using stage = await openStage({ access, name: 'cohort-back' })
    const before = specOf(stage)
    const steps = [{ match: [{ headers: { 'x-team': { exact: 'till' } } }] }, { approve: { name: 'look' } }]
    await stage.install({ version: '1.4.0', steps })
    await stage.push({ version: '1.5.0' })
    await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
    const member = createUser({ access, namespace: stage.namespace, headers: { 'x-team': 'till' } })
    await eventually(async () => expect(await member.visit()).toEqual(CANARY))
    await letEverybodyIn(stage)
    await stage.say('abort')
    await stage.until('it is aborted', (sight) => phaseOf(sight) === 'Aborted')
    expect(specOf(stage)).toBe(before)
    await eventually(async () => expect(await member.visit()).toEqual(STABLE))
  },
)

test.concurrent('a cohort that no route can say ends the release with a sentence, and nobody notices', async () => {
  await using stage = await openStage({ access, name: 'cohort-unsaid' })
  const before = specOf(stage)
  const steps = [{ match: [{ cookies: { tester: { regex: 'a;b' } } }] }, { approve: { name: 'look' } }]
  await stage.install({ version: '1.4.0', steps })
  await stage.push({ version: '1.5.0' })
  await stage.until('the status says why', ({ rollout }) =>
    rollout?.status?.message?.includes('the match of cookie tester cannot be put on a route'),
  )
  expect(outcomeOf(stage.now(), '1.5.0')).toBe('RolledBack')
  expect(specOf(stage)).toBe(before)
})

/** Somebody widens the cohort by hand; the release says so and makes it what it was. */
async function letEverybodyIn(stage: Stage): Promise<void> {
  const during = specOf(stage)
  const { spec, metadata } = stage.now().route!
  const http = spec.http.map((route) =>
    route.name?.includes('.sluice.dev/') ? { ...route, match: [{ uri: { prefix: '/' } }] } : route,
  )
  const ref = { resource: VIRTUAL_SERVICES, namespace: stage.namespace, name: metadata.name }
  await stage.kube.mergePatch(ref, { spec: { http } }, { fieldManager: 'kubectl-edit' })
  await stage.until('it says whose edit it was', ({ releases }) =>
    releases
      .at(-1)
      ?.status?.timeline?.some(
        ({ event, message }) => event === 'ForeignEdit' && message.startsWith('kubectl-edit changed the route'),
      ),
  )
  await eventually(() => expect(specOf(stage)).toBe(during))
}

/** Milliseconds until this visit's answer. */
async function waitOf(user: User): Promise<number> {
  const since = performance.now()
  await user.visit()
  return performance.now() - since
}

/** Different ones. */
async function answersOf(user: User, visits: number): Promise<Answer[]> {
  const all = await Promise.all(Array.from({ length: visits }, () => user.visit()))
  return [...new Map(all.map((answer) => [JSON.stringify(answer), answer])).values()]
}

function specOf({ namespace, now }: Stage): string {
  const { metadata, spec } = now().route!
  const { [routeAnnotation(namespace, ROLLOUT)]: _ours, ...annotations } = metadata.annotations ?? {}
  return JSON.stringify({ spec, annotations })
}
