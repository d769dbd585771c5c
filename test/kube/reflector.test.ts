import { onTestFinished, describe, expect, it, vi } from 'vitest'
import { reflect, type KubeObject, type ReflectOptions } from '../../kube/index.ts'
import { eventually } from '../patience.ts'
import { listen, stage, toy, TOYS } from './stage.ts'

type Toy = KubeObject & { spec: { size?: number } }

async function reflectToys(options: Partial<ReflectOptions<Toy>> = {}) {
  const { server, kube } = await stage()
  const { log, lines } = listen()
  const keys: string[] = []
  server.put(TOYS, toy('bear', { size: 1 }, { soft: 'yes' }))
  server.put(TOYS, toy('car', { size: 1 }))
  const reflector = reflect<Toy>({ kube, resource: TOYS, onChange: (key) => keys.push(key), log, ...options })
  onTestFinished(() => reflector.stop())
  const watching = () => eventually(() => expect(server.watches()).toBe(1))
  const remove = (name: string) => server.store.remove({ collection: 'toys.example/v1/toys', namespace: 'shop' }, name)
  return { server, reflector, keys, lines, watching, remove }
}

const lists = (requests: { query: URLSearchParams }[]) => requests.filter(({ query }) => !query.has('watch')).length

describe('a reflector', () => {
  it('is synced when it knows everything, and tells every key once', async () => {
    const { reflector, keys } = await reflectToys()
    await reflector.synced
    expect(reflector.items()).toHaveLength(2)
    expect(keys).toEqual(['shop/bear', 'shop/car'])
  })

  it('follows additions, changes and deletions', async () => {
    const { server, reflector, keys, watching, remove } = await reflectToys()
    await watching()
    keys.length = 0
    server.put(TOYS, toy('doll'))
    server.put(TOYS, toy('bear', { size: 2 }))
    remove('car')
    await eventually(() => expect(keys).toEqual(['shop/doll', 'shop/bear', 'shop/car']))
    expect(reflector.get('shop/bear')?.spec.size).toBe(2)
    expect(reflector.get('shop/car')).toBeUndefined()
  })

  it('sees only what its selector selects', async () => {
    const { reflector } = await reflectToys({ namespace: 'shop', labelSelector: 'soft=yes' })
    await reflector.synced
    expect(reflector.items().map((one) => one.metadata.name)).toEqual(['bear'])
  })

  it('can follow one object by name', async () => {
    const { reflector } = await reflectToys({ namespace: 'shop', fieldSelector: 'metadata.name=car' })
    await reflector.synced
    expect(reflector.items().map((one) => one.metadata.name)).toEqual(['car'])
  })

  it('goes on where it was when the connection breaks', async () => {
    const restarts = vi.fn<(kind: string) => void>()
    const { server, reflector, watching } = await reflectToys({ onRestart: restarts })
    await watching()
    server.resetWatches()
    server.put(TOYS, toy('bear', { size: 3 }))
    await eventually(() => expect(reflector.get('shop/bear')?.spec.size).toBe(3))
    expect(lists(server.requests)).toBe(1)
    expect(restarts).toHaveBeenCalledWith('Toy')
  })

  it('goes on silently when the server ends the watch', async () => {
    const { server, reflector, lines, watching } = await reflectToys()
    await watching()
    server.endWatches()
    server.put(TOYS, toy('bear', { size: 3 }))
    await eventually(() => expect(reflector.get('shop/bear')?.spec.size).toBe(3))
    expect(lists(server.requests)).toBe(1)
    expect(lines).toEqual([])
  })

  it('lists again when the server has forgotten its place, and tells what changed and what went', async () => {
    const { server, reflector, keys, watching, remove } = await reflectToys()
    await watching()
    keys.length = 0
    server.interfere(({ query }) => (query.has('watch') ? 'reset' : undefined))
    server.resetWatches()
    await eventually(() => expect(server.watches()).toBe(0))
    server.put(TOYS, toy('bear', { size: 4 }))
    remove('car')
    server.store.compact()
    server.interfere(() => undefined)
    await eventually(() => expect(keys).toEqual(['shop/car', 'shop/bear']))
    expect(reflector.items()).toHaveLength(1)
    expect(lists(server.requests)).toBe(2)
  })

  it('needs no list after a long silence when bookmarks kept its place', async () => {
    const { server, reflector, watching } = await reflectToys()
    await watching()
    server.put({ ...TOYS, plural: 'games' }, toy('chess'))
    server.bookmark()
    server.store.compact()
    const before = reflector.lastActivity()
    await eventually(() => expect(reflector.lastActivity()).toBeGreaterThanOrEqual(before))
    server.endWatches()
    server.put(TOYS, toy('bear', { size: 5 }))
    await eventually(() => expect(reflector.get('shop/bear')?.spec.size).toBe(5))
  })

  it('begins a watch anew that stays silent for too long', async () => {
    const { server, watching } = await reflectToys({ silenceMs: 50 })
    await watching()
    await eventually(() => expect(server.requests.length).toBeGreaterThan(3))
    expect(lists(server.requests)).toBe(1)
  })

  it('is not synced by a failed list, and says once what is wrong', async () => {
    const { server, kube } = await stage()
    const { log, lines } = listen()
    server.interfere(() => ({ code: 403, reason: 'Forbidden', message: 'engine may not list toys' }))
    const reflector = reflect({ kube, resource: TOYS, onChange: () => undefined, log })
    onTestFinished(() => reflector.stop())
    let synced = false
    void reflector.synced.then(() => (synced = true))
    await eventually(() => expect(server.requests.length).toBeGreaterThan(2))
    expect(synced).toBe(false)
    expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([{ error: 'engine may not list toys' }])
    server.interfere(() => undefined)
    await reflector.synced
  })

  it('survives a handler that throws', async () => {
    const seen: string[] = []
    const { server, watching, lines } = await reflectToys({
      onChange(key) {
        seen.push(key)
        throw new Error('handler bug')
      },
    })
    await watching()
    server.put(TOYS, toy('doll'))
    await eventually(() => expect(seen).toContain('shop/doll'))
    expect(lines.some(({ level, error }) => level === 'error' && error === 'handler bug')).toBe(true)
  })

  it('stops at once, also while the server does not answer', async () => {
    const { server, kube } = await stage()
    server.interfere(() => 'hang')
    const reflector = reflect({ kube, resource: TOYS, onChange: () => undefined, log: listen().log })
    await eventually(() => expect(server.requests).toHaveLength(1))
    await reflector.stop()
  })
})
