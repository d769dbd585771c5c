import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openDoor, type Caller, type Right } from '../../api/access.ts'
import { openFleet } from '../../api/fleet.ts'
import { followFleet } from '../../api/following.ts'
import { followPage } from '../../api/following-page.ts'
import { createLedgers } from '../../api/ledgers.ts'
import type { Cluster } from '../../api/cluster.ts'
import type { Sight } from '../../api/sight.ts'
import type { Message } from '../../api/stream.ts'
import type { Phase } from '../../crds/conditions.ts'
import { ROLLOUTS } from '../../crds/resources.ts'
import { apiException, type Kube } from '../../kube/index.ts'
import { createLog } from '../../telemetry/index.ts'
import { rollout, type Told } from './objects.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A fleet of one Rollout per namespace, and a stream of somebody whose rights may change. */
function openStream(...namespaces: string[]) {
  const there = new Set(namespaces)
  let phase: Phase = 'Promoted'
  const listeners = new Set<(key: string) => void>()
  const fleet = openFleet({
    sight: (key) => {
      const [namespace = ''] = key.split('/')
      const rest = { releases: [], decisions: [], pods: [], events: [] }
      return there.has(namespace) ? { rollout: rollout(namespace, { phase }), ...rest } : undefined
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  })
  const touch = (namespace: string): void => listeners.forEach((listener) => listener(`${namespace}/checkout`))
  namespaces.forEach(touch)
  fleet.catchUp()
  const allowed = new Set<string>()
  const told: Message[] = []
  const ended = new AbortController()
  const may = async ({ namespace }: { namespace?: string }): Promise<boolean> => allowed.has(namespace ?? '*')
  const out = { ended: ended.signal, tell: async (messages: Message[]) => void told.push(...messages) }
  const follow = (lastEventId?: string): Promise<void> => followFleet(fleet, { caller: { may }, lastEventId, out })
  const keys = ({ json }: Message): string[] =>
    (JSON.parse(json) as { rollouts: { key: string }[] }).rollouts.map(({ key }) => key)
  const turn = (to: Phase): void => void (phase = to)
  return { there, allowed, told, ended, follow, touch, turn, keys }
}

describe('a stream that is open', () => {
  it('forgets what its reader may see no more, within half a minute', async () => {
    const { allowed, told, ended, follow, keys } = openStream('shop', 'bank')
    allowed.add('shop').add('bank')
    const following = follow()
    await vi.advanceTimersByTimeAsync(0)
    allowed.delete('shop')
    await vi.advanceTimersByTimeAsync(30_000)
    expect(told.map(({ event }) => event)).toEqual(['snapshot', 'expired', 'snapshot'])
    expect(keys(told[2]!)).toEqual(['bank/checkout'])
    ended.abort()
    await following
  })

  it('asks about rights in time, whatever else it has to tell meanwhile', async () => {
    const { allowed, told, ended, follow, touch, turn } = openStream('shop')
    allowed.add('shop')
    const following = follow()
    await vi.advanceTimersByTimeAsync(0)
    allowed.delete('shop')
    await vi.advanceTimersByTimeAsync(29_000)
    turn('Analysing')
    touch('shop')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(told.map(({ event }) => event)).toEqual(['snapshot', 'rollout', 'expired', 'snapshot'])
    ended.abort()
    await following
  })

  it('shows what its reader may see from now on, and is quiet while nothing is new', async () => {
    const { allowed, told, ended, follow, keys } = openStream('shop', 'bank')
    allowed.add('bank')
    const following = follow()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(told.map(keys)).toEqual([['bank/checkout']])
    allowed.add('*')
    await vi.advanceTimersByTimeAsync(30_000)
    expect(keys(told.at(-1)!)).toEqual(['shop/checkout', 'bank/checkout'])
    ended.abort()
    await following
  })

  it('tells of a namespace that came to be, and of none that its reader may not see', async () => {
    const { there, allowed, told, ended, follow, touch } = openStream('shop')
    allowed.add('shop').add('new')
    const following = follow()
    await vi.advanceTimersByTimeAsync(0)
    for (const namespace of ['new', 'secret']) {
      there.add(namespace)
      touch(namespace)
    }
    await vi.advanceTimersByTimeAsync(100)
    there.delete('new')
    touch('new')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(told.map(({ event }) => event)).toEqual(['snapshot', 'rollout', 'gone'])
    expect(told.map(({ json }) => json).join('')).not.toContain('secret')
    ended.abort()
    await following
  })
})

/** The page of one Rollout, and a stream of it for somebody whose rights may change. */
function openPage() {
  const sight = (): Sight => ({ rollout: rollout('shop', said), releases: [], decisions: [], pods: [], events: [] })
  let said: Told = { phase: 'Promoted' }
  let isThere = true
  let isAllowed = true
  const listeners = new Set<(key: string) => void>()
  const asked: Right[] = []
  const caller = {
    async may(right: Right) {
      asked.push(right)
      return right.verb !== 'get' || right.resource !== ROLLOUTS || isAllowed
    },
    mayEach: async () => ({}),
    me: async () => ({ name: 'alice', groups: [], extra: {} }),
  } as Partial<Caller> as Caller
  const parts = {
    cluster: {
      sight: () => (isThere ? sight() : undefined),
      onChange(listener: (key: string) => void) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    } as Partial<Cluster> as Cluster,
    ledgers: createLedgers(createLog({ component: 'api', level: 'error' })),
    workflowUrl: () => undefined,
  }
  const told: Message[] = []
  const out = {
    ended: new AbortController().signal,
    tell: async (messages: Message[]) => void told.push(...messages),
  }
  const touch = (): void => listeners.forEach((listener) => listener('shop/checkout'))
  return {
    told,
    asked,
    follow: () => followPage(parts, { key: 'shop/checkout', caller, out }),
    forbid: () => (isAllowed = false),
    say: (message: string): void => {
      said = { phase: 'Analysing', message }
      touch()
    },
    remove: (): void => {
      isThere = false
      touch()
    },
  }
}

describe('a page that is open', () => {
  it('ends, and tells nothing more, once its reader may not open it any more', async () => {
    const { told, asked, follow, forbid, say } = openPage()
    const following = follow()
    await vi.advanceTimersByTimeAsync(0)
    expect(told.map(({ event }) => event)).toEqual(['page'])
    expect(asked).toContainEqual({ verb: 'get', resource: ROLLOUTS, namespace: 'shop', name: 'checkout' })
    forbid()
    say('Not for everybody')
    await vi.advanceTimersByTimeAsync(100)
    await following
    expect(told).toHaveLength(1)
  })

  it('ends within half a minute of that where nothing changes', async () => {
    const { told, follow, forbid } = openPage()
    const following = follow()
    await vi.advanceTimersByTimeAsync(0)
    forbid()
    await vi.advanceTimersByTimeAsync(30_000)
    await following
    expect(told).toHaveLength(1)
  })

  it('does not tell whoever may not open it that its Rollout is gone', async () => {
    const { told, follow, forbid, remove } = openPage()
    const following = follow()
    await vi.advanceTimersByTimeAsync(0)
    forbid()
    remove()
    await vi.advanceTimersByTimeAsync(100)
    await following
    expect(told.map(({ event }) => event)).toEqual(['page'])
  })
})

describe('what the API server says about somebody', () => {
  const right = { verb: 'list', resource: ROLLOUTS, namespace: 'shop' }

  function openAnswers(answer: () => boolean) {
    const asked = vi.fn<() => void>()
    const create = async () => {
      asked()
      return { status: { allowed: answer() } }
    }
    const door = openDoor({ kubeFor: () => ({ create }) as unknown as Kube })
    return { asked, may: (token: string) => door.open(token).may(right) }
  }

  it('is asked once within half a minute, and of everybody for themselves', async () => {
    let allowed = true
    const { asked, may } = openAnswers(() => allowed)
    expect(await Promise.all([may('a'), may('a'), may('b')])).toEqual([true, true, true])
    expect(asked).toHaveBeenCalledTimes(2)
    allowed = false
    expect(await may('a')).toBe(true)
    vi.advanceTimersByTime(30_000)
    expect(await may('a')).toBe(false)
  })

  it('still stands for a while when it cannot be asked, and not when it knows the token no more', async () => {
    let error: Error | undefined
    const { may } = openAnswers(() => {
      if (error) throw error
      return true
    })
    expect(await may('a')).toBe(true)
    error = apiException('POST', 503, 'overloaded')
    vi.advanceTimersByTime(60_000)
    expect(await may('a')).toBe(true)
    vi.advanceTimersByTime(240_000)
    await expect(may('a')).rejects.toThrow('overloaded')
    error = undefined
    expect(await may('a')).toBe(true)
    error = apiException('POST', 401, 'Unauthorized')
    vi.advanceTimersByTime(30_000)
    await expect(may('a')).rejects.toThrow('Unauthorized')
    await expect(may('never asked before')).rejects.toThrow('Unauthorized')
  })
})
