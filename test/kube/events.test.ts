import { describe, expect, it } from 'vitest'
import { createRecorder, type KubeObject, type Resource } from '../../kube/index.ts'
import { stage, TOYS } from './stage.ts'

const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true }
type Event = KubeObject & { eventTime: string; note: string; regarding: object; series?: { count: number } }

const broke = (note: string) => ({
  regarding: { resource: TOYS, namespace: 'shop', name: 'bear', uid: 'u1' },
  type: 'Warning' as const,
  reason: 'ToyBroken',
  action: 'Inspect',
  note,
})

describe('a recorder', () => {
  it('writes an event about an object with the precision the server wants', async () => {
    const { kube } = await stage()
    await createRecorder({ kube, controller: 'toys.example/engine', instance: 'one' }).record(broke('an ear came off'))
    const { items } = await kube.list<Event>(EVENTS, { namespace: 'shop' })
    expect(items).toMatchObject([
      {
        regarding: { apiVersion: 'toys.example/v1', kind: 'Toy', namespace: 'shop', name: 'bear', uid: 'u1' },
        reportingController: 'toys.example/engine',
        note: 'an ear came off',
      },
    ])
    expect(items[0]?.eventTime).toMatch(/\.\d{6}Z$/)
  })

  it('counts repeats, whoever reports them, and keeps different notes apart', async () => {
    const { kube } = await stage()
    for (const instance of ['one', 'two', 'two']) {
      await createRecorder({ kube, controller: 'c', instance }).record(broke('an ear came off'))
    }
    await createRecorder({ kube, controller: 'c', instance: 'one' }).record(broke('x'.repeat(2_000)))
    const { items } = await kube.list<Event>(EVENTS)
    expect(items.map((event) => [event.series?.count, event.note.length])).toEqual([
      [3, 15],
      [undefined, 1_024],
    ])
  })

  it('fails loudly when it may not write', async () => {
    const { server, kube } = await stage()
    server.interfere(() => ({ code: 403, reason: 'Forbidden', message: 'no events for you' }))
    await expect(createRecorder({ kube, controller: 'c', instance: 'one' }).record(broke('x'))).rejects.toThrow(
      'no events',
    )
  })
})
