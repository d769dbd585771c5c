import { describe, expect, it } from 'vitest'
import { API_VERSION, FIELD_MANAGER, LABEL, releaseObject, revisionObject } from '../../crds/names.ts'
import { releaseConditions } from '../../crds/conditions.ts'
import { CONFIG_MAPS, DEPLOYMENTS, RELEASES, ROLLOUTS, SECRETS } from '../../crds/resources.ts'
import type { PodTemplate } from '../../crds/schema/rollout.ts'
import { digestOf } from '../../workload/config-sight.ts'
import { revisionOf } from '../../workload/revision.ts'
import { placeOf, type ApiServer } from '../fakes/api-server.ts'
import { eventually } from '../patience.ts'
import { NAMESPACE, stage } from './stage.ts'

/** Seconds that no test waits for: a change that is held back so long is held back. */
const LONG_MS = 600_000

type Volume = { configMap: { name: string; optional?: boolean } } | { secret: { secretName: string } }

const reading = (image: string, volume: Volume): PodTemplate => ({
  spec: { containers: [{ name: 'app', image }], volumes: [{ name: 'config', ...volume }] },
})
const settings: Volume = { configMap: { name: 'settings' } }
const token: Volume = { secret: { secretName: 'token' } }
const following = { config: [{ secret: 'token', track: 'version' }] }

const secretWatches = (server: ApiServer) =>
  server.requests.filter(({ path, query }) => path.includes('/secrets') && query.has('watch'))

async function scene(options: Parameters<typeof stage>[0] = {}) {
  const set = await stage(options)
  const { server, declare } = set
  const put = (resource: typeof SECRETS, name: string, data: Record<string, string>): void => {
    const object = { apiVersion: 'v1', kind: resource.kind, metadata: { name, namespace: NAMESPACE }, data }
    server.put(resource, resource === SECRETS ? { ...object, type: 'Opaque' } : object)
  }
  /** Promoted with what it reads, and at rest. */
  const serves = (template: PodTemplate, configs?: Record<string, string>): void => {
    const revision = revisionOf({ template, configs: configs ?? {} })
    const labels = { [LABEL.rollout]: 'checkout' }
    const at = (name: string) => ({ namespace: NAMESPACE, name, labels })
    const spec = { rollout: 'checkout', number: 1, revision, template, ...(configs ? { configs } : {}) }
    server.put(RELEASES, {
      apiVersion: API_VERSION,
      kind: 'Release',
      metadata: at(releaseObject('checkout', 1)),
      spec,
    })
    const metadata = at(revisionObject('checkout', revision))
    server.put(DEPLOYMENTS, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas: 3 } })
    const phase = { phase: 'Promoted', message: 'serves', generation: 1, at: Date.now() } as const
    const status = {
      observedGeneration: 1,
      stable: revision,
      conditions: releaseConditions(phase),
      lastRelease: { number: 1, revision, outcome: 'Promoted' },
    }
    server.store.apply(placeOf(ROLLOUTS, NAMESPACE), 'checkout', FIELD_MANAGER.release, { status }, 'status')
  }
  return {
    ...set,
    configMap: (name: string, data: Record<string, string>) => put(CONFIG_MAPS, name, data),
    secret: (name: string, data: Record<string, string>) => put(SECRETS, name, data),
    remove: (name: string) => server.store.remove(placeOf(CONFIG_MAPS, NAMESPACE), name),
    begins: () => set.begins('checkout', 'x'),
    /** Serves this image with this ConfigMap. */
    atRest: (data: Record<string, string>): void => {
      put(CONFIG_MAPS, 'settings', data)
      const template = reading('one', settings)
      declare('checkout', 'one', { template })
      serves(template, { 'ConfigMap/settings': digestOf({ data } as never) })
    },
    /** Released by an engine that did not look at configs. */
    atRestUnnoted: (data: Record<string, string>): void => {
      put(CONFIG_MAPS, 'settings', data)
      declare('checkout', 'one', { template: reading('one', settings) })
      serves(reading('one', settings))
    },
    note: (configs: Record<string, string>) =>
      server.store.merge(placeOf(RELEASES, NAMESPACE), releaseObject('checkout', 1), { status: { configs } }, 'status'),
    atRestWithSecret: (data: Record<string, string>): void => {
      put(SECRETS, 'token', data)
      const template = reading('one', token)
      declare('checkout', 'one', { template, ...following })
      serves(template, { 'Secret/token': digestOf({ data, type: 'Opaque' } as never) })
    },
  }
}

describe('a ConfigMap', () => {
  it('that changes starts a release', async () => {
    const { atRest, configMap, start, looks, caughtUp } = await scene()
    atRest({ vat: '7.7' })
    start()
    await caughtUp()
    expect(looks('checkout')).toBe(0)
    configMap('settings', { vat: '8.1' })
    await eventually(() => expect(looks('checkout')).toBe(1))
  })

  it('that changes waits for the template that may follow it, and then starts nothing by itself', async () => {
    const { atRest, configMap, start, looks, caughtUp, declare } = await scene({ settleMs: LONG_MS })
    atRest({ vat: '7.7' })
    start()
    await caughtUp()
    configMap('settings', { vat: '8.1' })
    await caughtUp()
    expect(looks('checkout')).toBe(0)
    declare('checkout', 'two', { template: reading('two', settings) })
    await eventually(() => expect(looks('checkout')).toBe(1))
  })

  it('that changes and changes back starts nothing', async () => {
    const { atRest, configMap, start, looks, caughtUp } = await scene({ settleMs: 300 })
    atRest({ vat: '7.7' })
    start()
    await caughtUp()
    configMap('settings', { vat: '8.1' })
    configMap('settings', { vat: '7.7' })
    configMap('others', { settled: 'later' })
    await caughtUp()
    expect(looks('checkout')).toBe(0)
  })

  it('that an engine did not look at is noted first, and then a change of it starts a release', async () => {
    const { atRestUnnoted, note, configMap, start, looks, caughtUp } = await scene()
    atRestUnnoted({ vat: '7.7' })
    start()
    await eventually(() => expect(looks('checkout')).toBe(1))
    note({ 'ConfigMap/settings': digestOf({ data: { vat: '7.7' } } as never) })
    await caughtUp()
    expect(looks('checkout')).toBe(1)
    configMap('settings', { vat: '8.1' })
    await eventually(() => expect(looks('checkout')).toBe(2))
  })

  it('that nobody reads, and a copy, are none of its business', async () => {
    const { atRest, configMap, server, start, looks, caughtUp } = await scene()
    atRest({ vat: '7.7' })
    start()
    await caughtUp()
    const before = server.requests.length
    configMap('others', { a: '1' })
    configMap('others', { a: '2' })
    const metadata = { name: 'checkout-aaaaaaaaaa-settings', namespace: NAMESPACE, labels: { [LABEL.revision]: 'a' } }
    server.put(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
    expect(server.requests).toHaveLength(before)
    await caughtUp()
    expect(looks('checkout')).toBe(0)
  })

  it('that is missing is named, and awaited', async () => {
    const { declare, configMap, start, looks, stalled } = await scene({ settleMs: LONG_MS })
    declare('checkout', 'one', { template: reading('one', settings) })
    start()
    await eventually(() =>
      expect(stalled('checkout')).toEqual({
        reason: 'InvalidSpec',
        message:
          'the pods need ConfigMap settings, and there is none in namespace shop; create it, or mark the reference as optional',
      }),
    )
    configMap('settings', { vat: '8.1' })
    await eventually(() => expect(looks('checkout')).toBe(1))
  })

  it('that is missing keeps nobody from scaling what serves', async () => {
    const { atRest, declare, remove, start, looks, stalled } = await scene()
    atRest({ vat: '7.7' })
    start()
    remove('settings')
    await eventually(() => expect(stalled('checkout')?.reason).toBe('InvalidSpec'))
    expect(looks('checkout')).toBe(0)
    declare('checkout', 'one', { template: reading('one', settings), replicas: 5 })
    await eventually(() => expect(looks('checkout')).toBe(1))
  })

  it('that is optional and comes later is a change like any other', async () => {
    const { declare, configMap, start, looks, caughtUp } = await scene({ settleMs: LONG_MS })
    declare('checkout', 'one', { template: reading('one', { configMap: { name: 'settings', optional: true } }) })
    start()
    await eventually(() => expect(looks('checkout')).toBe(1))
    configMap('settings', { vat: '8.1' })
    await caughtUp()
    expect(looks('checkout')).toBe(1)
  })

  it('that changes under a release is told to its run, and one that goes is named', async () => {
    const { atRest, begins, configMap, remove, start, looks, stalled } = await scene()
    atRest({ vat: '7.7' })
    begins()
    start()
    await eventually(() => expect(looks('checkout')).toBe(1))
    configMap('settings', { vat: '8.1' })
    await eventually(() => expect(looks('checkout')).toBe(2))
    remove('settings')
    await eventually(() => expect(looks('checkout')).toBe(3))
    await eventually(() => expect(stalled('checkout')?.message).toContain('the pods need ConfigMap settings'))
  })
})

describe('a Secret', () => {
  const denySecrets = (path: string) =>
    path.includes('/secrets') ? { code: 403, reason: 'Forbidden', message: 'secrets is forbidden' } : undefined

  it('that is followed starts a release when it changes', async () => {
    const { atRestWithSecret, secret, start, looks, caughtUp } = await scene()
    atRestWithSecret({ token: 'YQ==' })
    start()
    await caughtUp()
    expect(looks('checkout')).toBe(0)
    secret('token', { token: 'Yg==' })
    await eventually(() => expect(looks('checkout')).toBe(1))
  })

  it('is asked for by name, and only where it is followed', async () => {
    const { atRestWithSecret, declare, server, secret, start, looks, caughtUp } = await scene()
    secret('other', { a: 'YQ==' })
    declare('untracked', 'one', { template: reading('one', { secret: { secretName: 'other' } }) })
    atRestWithSecret({ token: 'YQ==' })
    start()
    await eventually(() => expect(looks('untracked')).toBe(1))
    await caughtUp()
    const asked = server.requests.filter(({ path }) => path.includes('/secrets'))
    expect(asked.length).toBeGreaterThan(0)
    for (const { path, query } of asked) {
      expect([path, query.get('fieldSelector')]).toEqual(['/api/v1/namespaces/shop/secrets', 'metadata.name=token'])
    }
  })

  it('that may not be read is a condition that names the component, and no watch is tried', async () => {
    const { atRestWithSecret, server, start, looks, stalled, caughtUp } = await scene()
    atRestWithSecret({ token: 'YQ==' })
    server.interfere(({ path }) => denySecrets(path))
    start()
    await eventually(() =>
      expect(stalled('checkout')).toEqual({
        reason: 'InvalidSpec',
        message:
          'spec.config[0].secret: the engine may not read Secrets in namespace shop; install the component that lets it: kubectl apply -n shop -k deploy/components/secret-tracking',
      }),
    )
    expect(secretWatches(server)).toEqual([])
    server.interfere(() => undefined)
    await eventually(() => expect(stalled('checkout')).toBeUndefined())
    await eventually(() => expect(secretWatches(server)).toHaveLength(1))
    await caughtUp()
    expect(looks('checkout')).toBe(0)
  })

  it('that nobody follows any more is not watched any more', async () => {
    const { atRestWithSecret, declare, server, start, caughtUp } = await scene()
    atRestWithSecret({ token: 'YQ==' })
    start()
    await eventually(() => expect(secretWatches(server)).toHaveLength(1))
    await caughtUp()
    const before = server.watches()
    declare('checkout', 'one', { template: reading('one', token), config: [] })
    await eventually(() => expect(server.watches()).toBe(before - 1))
  })
})
