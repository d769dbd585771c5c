import { expect, it, onTestFinished } from 'vitest'
import { wantLease, type Kube, type Lease } from '../../kube/index.ts'
import { eventually } from '../patience.ts'
import { listen, stage } from './stage.ts'

const EVERY_MS = 30
const held = (leases: Lease[]): boolean[] => leases.map((one) => one.held())

/** Holders lose their lease on a busy machine when it is too short. */
async function open({ timeoutMs = 200, durationMs = 10_000 } = {}) {
  const { server, kube } = await stage({ timeoutMs })
  const { log, lines } = listen()
  const want = (identity: string, through: Pick<Kube, 'get' | 'create' | 'mergePatch'> = kube) => {
    const changes: boolean[] = []
    const onChange = (now: boolean): void => void changes.push(now)
    const lease = wantLease({
      kube: through,
      namespace: 'engine',
      name: 'leader',
      identity,
      log,
      onChange,
      durationMs,
      everyMs: EVERY_MS,
    })
    onTestFinished(() => lease.stop())
    return Object.assign(lease, { changes })
  }
  return { server, kube, want, lines }
}

it('is held by one of those who want it, and the others know by whom', async () => {
  const { want } = await open()
  const all = ['a', 'b', 'c'].map((one) => want(one))
  await eventually(() => expect(held(all).filter(Boolean)).toHaveLength(1))
  const leader = all.find((one) => one.held())
  await eventually(() => expect(new Set(all.map((one) => one.holder()))).toEqual(new Set([leader?.holder()])))
  expect(['a', 'b', 'c']).toContain(leader?.holder())
  expect(all.flatMap(({ changes }) => changes)).toEqual([true])
})

it('goes to another when it is given back', async () => {
  const { want } = await open()
  const first = want('first')
  await eventually(() => expect(first.held()).toBe(true))
  const second = want('second')
  await eventually(() => expect(second.holder()).toBe('first'))
  await first.stop()
  await eventually(() => expect(second.held()).toBe(true))
  expect(first.changes).toEqual([true, false])
})

it('goes to another when its holder says nothing any more, and not while it does', async () => {
  const { server, kube, want } = await open({ durationMs: 3_000 })
  let isDead = false
  const alive = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (isDead) throw new Error('dead')
    return ask()
  }
  const mortal: typeof kube = {
    ...kube,
    get: (ref) => alive(() => kube.get(ref)),
    mergePatch: (...request) => alive(() => kube.mergePatch(...request)),
  }
  const first = want('first', mortal)
  await eventually(() => expect(first.held()).toBe(true))
  const second = want('second')
  const renewals = () => server.requests.filter(({ method }) => method === 'PATCH').length
  const before = renewals()
  await eventually(() => expect(renewals()).toBeGreaterThan(before + 40))
  expect(second.held()).toBe(false)
  isDead = true
  await eventually(() => expect(second.held()).toBe(true))
  expect(first.held()).toBe(false)
})

it('is given up by a holder that cannot renew it, however long the answer takes', async () => {
  const { server, want } = await open({ timeoutMs: 60_000, durationMs: 1_000 })
  const first = want('first')
  await eventually(() => expect(first.held()).toBe(true))
  server.interfere(() => 'hang')
  await eventually(() => expect(first.held()).toBe(false))
  expect(first.changes).toEqual([true, false])
})

it('is taken again by a holder that lost it, when it can be', async () => {
  const { server, want } = await open({ durationMs: 1_000 })
  const first = want('first')
  await eventually(() => expect(first.held()).toBe(true))
  server.interfere(() => 'reset')
  await eventually(() => expect(first.held()).toBe(false))
  server.interfere(() => undefined)
  await eventually(() => expect(first.changes.slice(0, 3)).toEqual([true, false, true]))
})
