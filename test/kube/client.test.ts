import { describe, expect, it } from 'vitest'
import { createKube, isConflict, isGone, isNotFound, type WatchEvent } from '../../kube/index.ts'
import { placeOf } from '../fakes/api-server.ts'
import { PODS, stage, toy, TOYS } from './stage.ts'

const ref = (name: string) => ({ resource: TOYS, namespace: 'shop', name })

describe('reading', () => {
  it('gives undefined for what is not there', async () => {
    const { kube } = await stage()
    expect(await kube.get(ref('none'))).toBeUndefined()
  })

  it('keeps fields that nobody knows', async () => {
    const { server, kube } = await stage()
    server.put(TOYS, toy('bear', { fromTheFuture: { a: [1] } }))
    expect(await kube.get(ref('bear'))).toMatchObject({ spec: { fromTheFuture: { a: [1] } } })
  })

  it('reads a long list page by page, and from the start when the pages are forgotten meanwhile', async () => {
    const { server, kube } = await stage()
    for (let i = 0; i < 1_100; i += 1) server.put(TOYS, toy(`toy-${i}`))
    const whole = await kube.list(TOYS, { namespace: 'shop' })
    expect(new Set(whole.items.map((one) => one.metadata.name)).size).toBe(1_100)
    expect(server.requests).toHaveLength(3)
    server.interfere(({ query }) => {
      if (query.has('continue')) {
        server.put(TOYS, toy('toy-1', { changed: true }))
        server.store.compact()
      }
      return undefined
    })
    const again = await kube.list(TOYS)
    expect(again.items).toHaveLength(1_100)
  })

  it('selects by label and names the kind of built-in objects, which servers leave out', async () => {
    const { server, kube } = await stage()
    const pod = (name: string, app: string) => ({ ...toy(name, {}, { app }), apiVersion: 'v1', kind: 'Pod' })
    server.put(PODS, pod('a', 'one'))
    server.put(PODS, pod('b', 'two'))
    const { items } = await kube.list(PODS, { namespace: 'shop', labelSelector: 'app=two' })
    expect(items).toMatchObject([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'b' } }])
  })

  it('tells the kinds of a group and version, and nothing of a group that is not served', async () => {
    const { server, kube } = await stage()
    server.serves([TOYS, PODS])
    expect(await kube.kinds('toys.example/v1')).toEqual([TOYS])
    expect(await kube.kinds('v1')).toEqual([PODS])
    expect(await kube.kinds('toys.example/v2')).toBeUndefined()
  })

  it('gives the last lines of a log and the last bytes of these, whole characters only', async () => {
    const { server, kube } = await stage()
    server.put(PODS, { ...toy('a', {}), apiVersion: 'v1', kind: 'Pod' })
    server.logs.set('a', 'one\ntwo\r\n\u001B[31mthrée\u001B[0m\n')
    const tail = (lines: number, bytes: number) =>
      kube.logTail({ namespace: 'shop', name: 'a' }, { container: 'app', lines, bytes })
    expect(await tail(2, 100)).toBe('two\nthrée')
    expect(await tail(2, 3)).toBe('ée')
    expect(await tail(2, 2), 'half of a character is left out').toBe('e')
    const { path, query } = server.requests.at(-1)!
    expect(path).toBe('/api/v1/namespaces/shop/pods/a/log')
    expect(Object.fromEntries(query)).toMatchObject({ container: 'app', tailLines: '2' })
    await expect(
      kube.logTail({ namespace: 'shop', name: 'b' }, { container: 'app', lines: 1, bytes: 1 }),
    ).rejects.toThrow('not found')
  })

  it('tries again while the server is overloaded or cuts the line, and gives up in the end', async () => {
    const { server, kube } = await stage()
    server.put(TOYS, toy('bear'))
    const trouble = [
      { code: 429, reason: 'TooManyRequests', message: 'slow down', headers: { 'retry-after': '0' } },
      'reset',
    ] as const
    server.interfere(() => trouble[server.requests.length - 1])
    expect(await kube.get(ref('bear'))).toBeDefined()
    server.interfere(() => ({ code: 503, reason: 'ServiceUnavailable', message: 'not yet' }))
    await expect(kube.get(ref('bear'))).rejects.toThrow('GET /apis/toys.example/v1/namespaces/shop/toys/bear: not yet')
    expect(server.requests).toHaveLength(3 + 4)
  })

  it('does not wait for ever for a silent server', async () => {
    const { server, kube } = await stage({ timeoutMs: 30 })
    server.interfere(() => 'hang')
    await expect(kube.get(ref('bear'))).rejects.toThrow('no answer within 30 ms')
  })

  it('does not ask a silent server again where somebody waits', async () => {
    const { server, kube } = await stage({ timeoutMs: 30, retryForMs: 30 })
    server.interfere(() => 'hang')
    await expect(kube.get(ref('bear'))).rejects.toThrow(/bear at 127\.0\.0\.1:\d+: no answer within 30 ms/)
    expect(server.requests).toHaveLength(1)
  })
})

describe('writing', () => {
  it('does not repeat a write by itself', async () => {
    const { server, kube } = await stage()
    server.interfere(() => ({ code: 503, reason: 'ServiceUnavailable', message: 'not yet' }))
    await expect(kube.create(TOYS, toy('bear'))).rejects.toThrow('not yet')
    expect(server.requests).toHaveLength(1)
  })

  it('keeps nulls and forgets what is left out where it replaces, and nobody who was faster is overwritten', async () => {
    const { server, kube } = await stage()
    server.put(TOYS, { ...toy('bear'), status: { worn: true } })
    const read = (await kube.get<ReturnType<typeof toy>>(ref('bear')))!
    const changed = { ...read, status: { eyes: null } }
    await kube.replace(TOYS, changed, { subresource: 'status' })
    expect(await kube.get(ref('bear'))).toMatchObject({ spec: read.spec, status: { eyes: null } })
    expect(await kube.get(ref('bear'))).not.toHaveProperty('status.worn')
    const error = await kube.replace(TOYS, changed, { subresource: 'status' }).catch((reason: unknown) => reason)
    expect(isConflict(error)).toBe(true)
  })

  it('takes resourceVersion in a merge patch as a precondition', async () => {
    const { server, kube } = await stage()
    const { metadata } = server.put(TOYS, toy('bear', { size: 1 }))
    server.put(TOYS, toy('bear', { size: 2 }))
    const stale = { metadata: { resourceVersion: metadata.resourceVersion }, spec: { size: 3 } }
    const error = await kube.mergePatch(ref('bear'), stale).catch((reason: unknown) => reason)
    expect(isConflict(error)).toBe(true)
    await kube.mergePatch(ref('bear'), { spec: { size: 3 } })
    expect(await kube.get(ref('bear'))).toMatchObject({ spec: { size: 3 } })
  })

  it('applies status as one manager without touching the other manager’s conditions', async () => {
    const { server, kube } = await stage()
    server.put(TOYS, toy('bear'))
    const status = (type: string) => ({ ...toy('bear'), status: { conditions: [{ type, status: 'True' }] } })
    await kube.apply(TOYS, status('Ready'), { fieldManager: 'a', subresource: 'status' })
    await kube.apply(TOYS, status('Stalled'), { fieldManager: 'b', subresource: 'status' })
    await kube.apply(TOYS, { ...toy('bear'), status: {} }, { fieldManager: 'b', subresource: 'status' })
    expect(await kube.get(ref('bear'))).toMatchObject({ status: { conditions: [{ type: 'Ready' }] } })
  })

  it('says what would be stored, and stores nothing', async () => {
    const { server, kube } = await stage()
    const before = server.put(TOYS, toy('bear', { size: 1 }))
    const wanted = { apiVersion: 'toys.example/v1', kind: 'Toy', metadata: { name: 'bear', namespace: 'shop' } }
    const options = { fieldManager: 'me', force: true, dryRun: true }
    expect(await kube.apply(TOYS, { ...wanted, spec: { size: 2 } }, options)).toMatchObject({ spec: { size: 2 } })
    expect(server.store.read(placeOf(TOYS, 'shop'), 'bear')).toEqual(before)
  })

  it('deletes once and is content when it is gone', async () => {
    const { server, kube } = await stage()
    server.put(TOYS, toy('bear'))
    await expect(kube.delete(ref('bear'), { uid: 'somebody else' })).rejects.toThrow('does not match')
    await kube.delete(ref('bear'))
    await kube.delete(ref('bear'))
    expect(await kube.get(ref('bear'))).toBeUndefined()
  })

  it('refuses a namespaced object without namespace before it asks the server', async () => {
    const { server, kube } = await stage()
    await expect(kube.get({ resource: TOYS, name: 'bear' })).rejects.toThrow('needs a namespace')
    expect(server.requests).toHaveLength(0)
  })
})

describe('watching', () => {
  it('streams changes until the server ends it', async () => {
    const { server, kube } = await stage()
    const { metadata } = server.put(TOYS, toy('bear'))
    const events: WatchEvent<ReturnType<typeof toy>>[] = []
    const from = { namespace: 'shop', resourceVersion: metadata.resourceVersion! }
    const ended = kube.watch<ReturnType<typeof toy>>(
      TOYS,
      from,
      (event) => events.push(event),
      new AbortController().signal,
      () => {
        server.put(TOYS, toy('bear', { size: 2 }))
        server.store.remove({ collection: 'toys.example/v1/toys', namespace: 'shop' }, 'bear')
        server.bookmark()
        server.endWatches()
      },
    )
    await ended
    expect(events.map((event) => event.type)).toEqual(['MODIFIED', 'DELETED', 'BOOKMARK'])
  })

  it('tells that the version is too old', async () => {
    const { server, kube } = await stage()
    server.put(TOYS, toy('bear'))
    server.store.compact()
    const watch = kube.watch(TOYS, { resourceVersion: '1' }, () => undefined, new AbortController().signal)
    expect(isGone(await watch.catch((error: unknown) => error))).toBe(true)
  })
})

describe('following a log', () => {
  it('gives whole lines, and outlives an abort in the moment in which it ends', async () => {
    const { server, kube } = await stage()
    server.put(PODS, { ...toy('a', {}), apiVersion: 'v1', kind: 'Pod' })
    server.logs.set('a', 'one\n\ntwo\n')
    for (let round = 0; round < 20; round += 1) {
      const ended = new AbortController()
      const lines: string[] = []
      const onLine = (line: string): void => {
        lines.push(line)
        if (line === 'two') ended.abort()
      }
      await kube.log({ namespace: 'shop', name: 'a' }, { container: 'app', follow: true }, onLine, ended.signal)
      expect(lines).toEqual(['one', 'two'])
    }
  })
})

describe('connecting', () => {
  it('uses one connection for requests that follow each other', async () => {
    const { server, kube } = await stage()
    for (let i = 0; i < 5; i += 1) await kube.list(TOYS)
    expect(await server.connections()).toBe(1)
  })

  it('speaks with the token it is given instead of the kubeconfig’s user', async () => {
    const { server } = await stage()
    await createKube({ kubeconfig: server.kubeconfig, token: 'alice-token' }).list(TOYS)
    expect(server.requests[0]?.headers.authorization).toBe('Bearer alice-token')
  })

  it('names the context that does not exist', async () => {
    const { server } = await stage()
    expect(() => createKube({ kubeconfig: server.kubeconfig, context: 'nowhere' })).toThrow('"nowhere"')
  })

  it('names the server that does not answer', async () => {
    const { server } = await stage()
    const kube = createKube({ kubeconfig: server.kubeconfig })
    await server.stop()
    const error: unknown = await kube.get(ref('bear')).catch((reason: unknown) => reason)
    expect(String(error)).toContain('ECONNREFUSED')
    expect(isNotFound(error)).toBe(false)
  })
})
