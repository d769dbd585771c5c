import { describe, expect, it, onTestFinished } from 'vitest'
import { startApi } from '../../api/index.ts'
import { releasePage, rolloutView } from '../../api/schema.ts'
import type { ReleasePage, RolloutView } from '../../api/views.ts'
import { eventually } from '../patience.ts'
import { listen } from './listener.ts'
import { AT_THE_GATE, CANARY, event, ledger, pod, release, rollout, row } from './objects.ts'
import { EVENTS, furnish, openGround, PODS, RELEASES, ROLLOUTS, TOKEN, type ApiStage } from './stage.ts'

/** An API on a port of its own. */
async function serve(ground: ApiStage) {
  const { publicUrl: _, ...options } = ground.options
  const api = await startApi({ ...options, port: 0, host: '127.0.0.1' })
  onTestFinished(() => api.stop())
  await eventually(() => expect(api.ready()).toBe(true))
  const url = `http://127.0.0.1:${api.port}`
  return {
    ...ground,
    api,
    fleet: (token = TOKEN.alice, lastEventId?: string) => listen(`${url}/api/stream`, { token, lastEventId }),
    page: (token = TOKEN.alice) => listen(`${url}/api/rollouts/shop/checkout/stream`, { token }),
  }
}

async function stage() {
  const ground = await openGround()
  furnish(ground)
  return serve(ground)
}

type Snapshot = { rollouts: RolloutView[] }

const keysOf = ({ rollouts }: Snapshot): string[] => rollouts.map(({ key }) => key).toSorted()

describe('the stream of the fleet', () => {
  it('tells everything first, and then every Rollout that changes, whole, and what is gone', async () => {
    const { put, remove, fleet } = await stage()
    const stream = await fleet()
    expect(keysOf(await stream.next<Snapshot>('snapshot'))).toEqual(['bank/checkout', 'shop/checkout'])
    put(ROLLOUTS, rollout('shop', { ...AT_THE_GATE, phase: 'Analysing', message: 'Analysing at 50 %' }))
    const changed = rolloutView.parse(await stream.next('rollout'))
    expect(changed).toMatchObject({
      key: 'shop/checkout',
      phase: 'Analysing',
      message: 'Analysing at 50 %',
      weight: 25,
    })
    put(ROLLOUTS, rollout('shop', { ...AT_THE_GATE, name: 'basket' }))
    expect(await stream.next('rollout', 2)).toMatchObject({ key: 'shop/basket' })
    remove(ROLLOUTS, rollout('shop', { name: 'basket' }))
    expect(await stream.next('gone')).toEqual({ key: 'shop/basket' })
  })

  it('tells nobody what they may not list', async () => {
    const { put, fleet } = await stage()
    const stream = await fleet(TOKEN.carol)
    expect(keysOf(await stream.next<Snapshot>('snapshot'))).toEqual(['bank/checkout'])
    put(ROLLOUTS, rollout('shop', { ...AT_THE_GATE, message: 'Not hers' }))
    put(ROLLOUTS, rollout('bank', { phase: 'Promoted', message: 'Hers' }))
    expect(await stream.next('rollout')).toMatchObject({ key: 'bank/checkout', message: 'Hers' })
    expect(stream.all('rollout')).toHaveLength(1)
  })

  it('says nothing when nobody could tell the difference', async () => {
    const { put, fleet } = await stage()
    const stream = await fleet()
    await stream.next('snapshot')
    put(PODS, pod('shop', CANARY, 1))
    put(ROLLOUTS, {
      ...rollout('bank', { phase: 'Promoted' }),
      metadata: { ...rollout('bank').metadata, labels: { a: 'b' } },
    })
    put(ROLLOUTS, rollout('shop', { ...AT_THE_GATE, message: 'Now' }))
    await stream.next('rollout')
    expect(stream.all<RolloutView>('rollout').map(({ key }) => key)).toEqual(['shop/checkout'])
  })

  it('goes on where it was cut off, with what changed and went meanwhile, and nothing else', async () => {
    const { put, remove, fleet } = await stage()
    const first = await fleet()
    await first.next('snapshot')
    put(ROLLOUTS, rollout('shop', { ...AT_THE_GATE, name: 'basket' }))
    await first.next('rollout')
    first.close()
    put(ROLLOUTS, rollout('shop', { ...AT_THE_GATE, message: 'Meanwhile' }))
    remove(ROLLOUTS, rollout('shop', { name: 'basket' }))
    const again = await fleet(TOKEN.alice, first.lastId())
    expect(await again.next('rollout')).toMatchObject({ key: 'shop/checkout', message: 'Meanwhile' })
    expect(await again.next('gone')).toEqual({ key: 'shop/basket' })
    expect(again.told.map((told) => told.event)).toEqual(['resumed', 'rollout', 'gone'])
  })

  it.each([
    ['a process that is no more', () => 'abcdef.0123456789.4'],
    ['a time to come', (id: string) => `${id}000`],
    ['nothing at all', () => 'x'],
  ])('tells everything again to whoever comes from %s', async (_, idOf) => {
    const { fleet } = await stage()
    const first = await fleet()
    await first.next('snapshot')
    const again = await fleet(TOKEN.alice, idOf(first.lastId() ?? ''))
    await again.next('snapshot')
    expect(again.told.map((told) => told.event)).toEqual(['expired', 'snapshot'])
  })

  it('tells everything again to whoever has other rights than at that place', async () => {
    const { fleet } = await stage()
    const carol = await fleet(TOKEN.carol)
    await carol.next('snapshot')
    const alice = await fleet(TOKEN.alice, carol.lastId())
    expect(keysOf(await alice.next<Snapshot>('snapshot'))).toEqual(['bank/checkout', 'shop/checkout'])
  })

  it('goes on when the API server cuts every watch', async () => {
    const { server, put, fleet } = await stage()
    const stream = await fleet()
    await stream.next('snapshot')
    server.resetWatches()
    put(ROLLOUTS, rollout('shop', { ...AT_THE_GATE, message: 'After the cut' }))
    expect(await stream.next('rollout')).toMatchObject({ message: 'After the cut' })
  })
})

describe('the stream of a Rollout', () => {
  it('tells the whole page, and again when anything on it changes', async () => {
    const { put, page } = await stage()
    const stream = await page()
    const first = releasePage.parse(await stream.next('page'))
    expect([first.rollout.key, first.release?.number, first.pods]).toEqual(['shop/checkout', 7, []])
    put(PODS, pod('shop', CANARY, 1))
    expect((await stream.next<ReleasePage>('page', 2)).pods).toHaveLength(1)
    put(EVENTS, event('shop', 'WeightSet', 'Weight 50 %'))
    expect((await stream.next<ReleasePage>('page', 3)).events).toMatchObject([{ message: 'Weight 50 %' }])
    put(RELEASES, release('shop', 7, { ledger: ledger([row(0, 25)]), weight: 50 }))
    expect((await stream.next<ReleasePage>('page', 4)).release).toMatchObject({ weight: 50, rows: [{ weight: 25 }] })
  })

  it('ends with its Rollout', async () => {
    const { remove, page } = await stage()
    const stream = await page()
    await stream.next('page')
    remove(ROLLOUTS, rollout('shop'))
    expect(await stream.next('gone')).toEqual({ key: 'shop/checkout' })
    await eventually(() => expect(stream.ended()).toBe(true))
  })
})

it('watches every kind once, however many look', async () => {
  const { server, fleet, page } = await stage()
  const streams = await Promise.all([fleet(), fleet(), fleet(TOKEN.bob), fleet(TOKEN.carol), page(), page(TOKEN.bob)])
  await Promise.all(streams.map((stream, index) => stream.next(index < 4 ? 'snapshot' : 'page')))
  expect(server.watches()).toBe(5)
  const watched = server.requests
    .filter(({ query }) => query.has('watch'))
    .map(({ path, headers }) => `${path.split('/').at(-1)} by ${headers.authorization}`)
  const kinds = ['decisions', 'events', 'pods', 'releases', 'rollouts']
  expect(watched).toHaveLength(kinds.length)
  expect(new Set(watched)).toEqual(new Set(kinds.map((kind) => `${kind} by Bearer engine-token`)))
})

it('is not kept open for one person without end', async () => {
  const { server, fleet } = await stage()
  server.people.know('of-alice-too', { name: 'alice' })
  const streams = await Promise.all(Array.from({ length: 50 }, (_, i) => fleet(i % 2 ? 'of-alice-too' : TOKEN.alice)))
  await Promise.all(streams.map((stream) => stream.next('snapshot')))
  await expect(fleet()).rejects.toThrow('429: {"error":"there are 50 streams of yours open already: close a tab"}')
  const other = await fleet(TOKEN.bob)
  await other.next('snapshot')
  streams[0]?.close()
  await eventually(async () => (await fleet()).close())
})

it('ends when the process ends, with open streams', async () => {
  const { api, fleet, page } = await stage()
  const streams = [await fleet(), await page()]
  await Promise.all([streams[0]?.next('snapshot'), streams[1]?.next('page')])
  await api.stop()
  await eventually(() => expect(streams.map((stream) => stream.ended())).toEqual([true, true]))
  await expect(fleet()).rejects.toThrow('fetch failed')
})
