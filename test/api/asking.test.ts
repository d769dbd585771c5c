import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openDoor } from '../../api/access.ts'
import type { RolloutView } from '../../api/views.ts'
import { ROLLOUTS } from '../../crds/resources.ts'
import { apiException, type Kube } from '../../kube/index.ts'
import { eventually } from '../patience.ts'
import { rollout } from './objects.ts'
import { openApi, openGround, TOKEN } from './stage.ts'

const TEAMS = Array.from({ length: 60 }, (_, index) => `team-${index}`)

describe('somebody with rights in one of sixty namespaces', () => {
  /** Carol may list in `bank`, and in what a test adds. */
  async function stage() {
    // Nothing but the clock on the wall: servers and their timeouts go on as ever.
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const ground = await openGround()
    const put = (namespace: string): void => ground.put(ROLLOUTS, rollout(namespace, { phase: 'Promoted' }))
    for (const namespace of ['bank', ...TEAMS]) put(namespace)
    const mayList = new Set(['bank'])
    ground.server.people.allow(({ token, namespace = '' }) => token === TOKEN.alice || mayList.has(namespace))
    const { read } = await openApi(ground)
    return {
      mayList,
      add: async (namespace: string): Promise<void> => {
        put(namespace)
        const all = () => read<RolloutView[]>('/api/rollouts', TOKEN.alice)
        await eventually(async () => expect((await all()).map((view) => view.namespace)).toContain(namespace))
      },
      pass: (seconds: number) => void vi.setSystemTime(Date.now() + seconds * 1_000),
      /** What she sees, and how many reviews of her rights that costs. */
      look: async () => {
        ground.server.requests.length = 0
        const keys = (await read<RolloutView[]>('/api/rollouts', TOKEN.carol)).map(({ key }) => key)
        const cost = ground.server.requests.filter(({ path }) => path.endsWith('/selfsubjectaccessreviews')).length
        return { keys: keys.toSorted(), cost }
      },
    }
  }

  it('is asked about seldom where the answer stays no, and within half a minute about what she may see', async () => {
    const { look, pass, mayList } = await stage()
    const costs: number[] = []
    for (let halfMinute = 0; halfMinute < 20; halfMinute += 1) {
      const { keys, cost } = await look()
      expect(keys).toEqual(['bank/checkout'])
      costs.push(cost)
      pass(30)
    }
    const whole = 2 + TEAMS.length
    const rest = [1, 1, 1, 1, 1, 1, 1]
    expect(costs).toEqual([whole, whole, 1, whole, 1, 1, 1, whole, ...rest, whole, 1, 1, 1, 1])
    mayList.delete('bank')
    expect((await look()).keys).toEqual([])
  })

  it('sees what she may see from now on within four minutes, and within half a one where she was refused just now', async () => {
    const { look, pass, mayList, add } = await stage()
    for (let minute = 0; minute < 30; minute += 1) {
      await look()
      pass(60)
    }
    mayList.add('team-7')
    pass(240)
    expect((await look()).keys).toEqual(['bank/checkout', 'team-7/checkout'])
    await add('fresh')
    await look()
    mayList.add('fresh')
    pass(30)
    expect((await look()).keys).toEqual(['bank/checkout', 'fresh/checkout', 'team-7/checkout'])
  })
})

/** An API server that answers when it is told to. */
function openSlowly() {
  const open: {
    token: string
    namespace?: string
    answer: (allowed: boolean) => void
    fail: (error: Error) => void
  }[] = []
  const kubeFor = (token: string) => ({
    create: (_: unknown, { spec }: { spec: { resourceAttributes: { namespace: string } } }) =>
      new Promise((resolve, reject) => {
        const { namespace } = spec.resourceAttributes
        open.push({ token, namespace, answer: (allowed) => resolve({ status: { allowed } }), fail: reject })
      }),
  })
  const door = openDoor({ kubeFor: kubeFor as unknown as (token: string) => Kube })
  const ask = (token: string) =>
    TEAMS.map((namespace) => door.open(token).may({ verb: 'list', resource: ROLLOUTS, namespace }))
  return { open, ask, countOf: (who: string) => open.filter(({ token }) => token === who).length }
}

describe('questions about rights', () => {
  it('are asked a few at a time of one person, and of others beside them', async () => {
    const { open, ask, countOf } = openSlowly()
    const [carols, bobs] = [Promise.all(ask('carol')), Promise.all(ask('bob'))]
    expect([countOf('carol'), countOf('bob')]).toEqual([8, 8])
    for (let index = 0; index < 2 * TEAMS.length; index += 1) {
      await vi.waitFor(() => expect(open.length).toBeGreaterThan(index))
      expect(open.length - index).toBeLessThanOrEqual(16)
      open[index]?.answer(true)
    }
    expect([...(await carols), ...(await bobs)]).not.toContain(false)
  })

  it('are not more than the API server can bear, whoever asks', () => {
    const { open, ask } = openSlowly()
    for (let person = 0; person < 20; person += 1) void Promise.allSettled(ask(`person-${person}`))
    expect(open).toHaveLength(64)
  })

  it('that wait behind one which fails fail with it, those of others do not', async () => {
    const { open, ask, countOf } = openSlowly()
    const [carols, bobs] = [Promise.allSettled(ask('carol')), ask('bob')]
    for (const { token, fail } of open) if (token === 'carol') fail(apiException('POST', 503, 'overloaded'))
    expect((await carols).map(({ status }) => status)).toEqual(TEAMS.map(() => 'rejected'))
    expect([countOf('carol'), countOf('bob')]).toEqual([8, 8])
    open.findLast(({ token }) => token === 'bob')?.answer(true)
    expect(await Promise.race(bobs)).toBe(true)
    void Promise.allSettled(ask('carol'))
    expect(countOf('carol')).toBe(16)
  })
})

/** An API server that knows everybody but `stranger-…`, allows everything, and counts. */
function openBusily() {
  let asked = 0
  const kubeFor = (token: string) => ({
    async create(_: unknown, { kind }: { kind: string }) {
      asked += 1
      if (token.startsWith('stranger')) throw apiException('POST', 401, 'Unauthorized')
      return { status: kind === 'SelfSubjectReview' ? { userInfo: { username: token } } : { allowed: true } }
    },
  })
  const door = openDoor({ kubeFor: kubeFor as unknown as (token: string) => Kube, now: () => 0 })
  return {
    comes: (token: string) => door.open(token).me(),
    /** How many questions it costs when these ask about so many namespaces. */
    cost: async (tokens: string[], namespaces: number): Promise<number> => {
      asked = 0
      for (const token of tokens) {
        const caller = door.open(token)
        const each = Array.from({ length: namespaces }, (_, index) => `team-${index}`)
        await Promise.all(each.map((namespace) => caller.may({ verb: 'list', resource: ROLLOUTS, namespace })))
      }
      return asked
    },
  }
}

describe('answers about rights', () => {
  it('are kept for each person, however many others there are', async () => {
    const { cost } = openBusily()
    const people = Array.from({ length: 100 }, (_, index) => `person-${index}`)
    expect([await cost(people, 300), await cost(people, 300)]).toEqual([30_000, 0])
  })

  it('are so many of one person, and the rest is asked each time', async () => {
    const { cost } = openBusily()
    expect([await cost(['person'], 1_200), await cost(['person'], 1_200)]).toEqual([1_200, 200])
  })

  it('stay whoever knocks: those whom the API server does not take are nobody', async () => {
    const { cost, comes } = openBusily()
    await cost(['person'], 3)
    const strangers = Array.from({ length: 2_000 }, (_, index) => comes(`stranger-${index}`))
    expect((await Promise.allSettled(strangers)).every(({ status }) => status === 'rejected')).toBe(true)
    expect(await cost(['person'], 3)).toBe(0)
  })

  it('of who was away longest go when there are more people than anybody has', async () => {
    const { cost } = openBusily()
    const people = Array.from({ length: 500 }, (_, index) => `person-${index}`)
    await cost(['first', 'second'], 1)
    await cost(['first'], 1)
    await cost(people.slice(1), 1)
    expect([await cost(['first'], 1), await cost(['second'], 1)]).toEqual([0, 1])
  })
})
