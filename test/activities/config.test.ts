import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Deps } from '../../activities/deps.ts'
import { observe } from '../../activities/observe.ts'
import { openRelease } from '../../activities/open.ts'
import { settle } from '../../activities/settle.ts'
import { API_VERSION, FIELD_MANAGER, LABEL, releaseObject } from '../../crds/names.ts'
import { CONFIG_MAPS, RELEASES, ROLLOUTS } from '../../crds/resources.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import { createKube } from '../../kube/index.ts'
import { createWorkload } from '../../workload/index.ts'
import { placeOf, startApiServer } from '../fakes/api-server.ts'

const ref = { namespace: 'shop', name: 'checkout' }
const STABLE = 'aaaaaaaaaa'
const CONTENT = 'a price that nobody should read in a record'
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const template = {
  spec: {
    containers: [{ name: 'app', image: 'x', envFrom: [{ configMapRef: { name: 'settings' } }] }],
    volumes: [{ name: 'prices', configMap: { name: 'prices' } }],
  },
}

/** A Rollout whose pods read `settings` and `prices`, at rest or with a release under way. */
async function scene() {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const kube = createKube({ kubeconfig: server.kubeconfig })
  const route = { found: true, atRest: true, weights: {} }
  const workload = createWorkload({ kube, log: silent })
  const deps = { kube, workload, router: { observe: async () => route }, now: Date.now } as unknown as Deps
  const spec = {
    replicas: 2,
    template,
    config: [],
    service: { name: 'checkout', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
    router: { istio: { virtualServices: [{ name: 'shop', routes: ['primary'] }] }, settle: '500ms' },
    strategy: { canary: { steps: [{ setWeight: 5 }] } },
    bake: { for: '0s', holdBack: 5 },
    scaleDownDelay: '10m',
    abortScaleDownDelay: '30s',
    drain: '30m',
    progressDeadline: '10m',
    releaseHistoryLimit: 10,
    rollbackWindow: 3,
    onNewRevision: 'supersede',
    suspend: false,
  }
  server.put(ROLLOUTS, { apiVersion: API_VERSION, kind: 'Rollout', metadata: ref, spec })
  const configMap = (name: string, data: Record<string, string>, metadata: object = {}): void =>
    void server.put(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, ...ref, name }, data })
  configMap('settings', { vat: '7.7' })
  configMap('prices', { book: CONTENT })
  return {
    deps,
    configMap,
    declareImage: (image: string): void => {
      const containers = [{ ...template.spec.containers[0], image }]
      const other = { ...template, spec: { ...template.spec, containers } }
      server.put(ROLLOUTS, {
        apiVersion: API_VERSION,
        kind: 'Rollout',
        metadata: ref,
        spec: { ...spec, template: other },
      })
    },
    remove: (name: string) => server.store.remove(placeOf(CONFIG_MAPS, 'shop'), name),
    declared: () => workload.declared(server.store.read(placeOf(ROLLOUTS, 'shop'), 'checkout') as unknown as Rollout),
    look: async () => (await observe(deps, { ref }))!,
    /** Promoted; without `configs` by an engine that did not look at them. */
    serves: (configs?: Record<string, string>): void => {
      const metadata = { ...ref, name: releaseObject('checkout', 1), labels: { [LABEL.rollout]: 'checkout' } }
      const known = { template, ...(configs ? { configs } : {}) }
      const whole = { rollout: 'checkout', number: 1, revision: STABLE, ...known, plan: { steps: [] }, policy: {} }
      const status = { outcome: 'Promoted' }
      server.put(RELEASES, { apiVersion: API_VERSION, kind: 'Release', metadata, spec: whole, status })
      const lastRelease = { number: 1, revision: STABLE, outcome: 'Promoted' }
      server.store.apply(
        placeOf(ROLLOUTS, 'shop'),
        'checkout',
        FIELD_MANAGER.release,
        { status: { stable: STABLE, lastRelease } },
        'status',
      )
    },
    record: (number: number, about: Partial<Release['spec']>): void => {
      const metadata = { ...ref, name: releaseObject('checkout', number), labels: { [LABEL.rollout]: 'checkout' } }
      const whole = { rollout: 'checkout', number, template, plan: { steps: [] }, policy: {}, ...about }
      server.put(RELEASES, { apiVersion: API_VERSION, kind: 'Release', metadata, spec: whole })
    },
    release: (number: number) =>
      server.store.read(placeOf(RELEASES, 'shop'), releaseObject('checkout', number)) as unknown as Release,
  }
}

describe('a release', () => {
  it('remembers digests of what its pods read, and no content', async () => {
    const { deps, declared, release } = await scene()
    const { revision, configs } = await declared()
    await openRelease(deps, { ref, number: 1, revision, from: revision })
    expect(release(1).spec.configs).toEqual(configs)
    expect(Object.keys(configs).sort()).toEqual(['ConfigMap/prices', 'ConfigMap/settings'])
    expect(JSON.stringify(release(1))).not.toContain(CONTENT)
  })

  it('is not opened for a config that changed since it was looked at, nor for one that is gone', async () => {
    const { deps, declared, configMap, remove, release } = await scene()
    const { revision } = await declared()
    const open = () => openRelease(deps, { ref, number: 1, revision, from: revision })
    configMap('settings', { vat: '8.1' })
    await expect(open()).rejects.toMatchObject({ type: 'Outdated', nonRetryable: true })
    remove('settings')
    await expect(open()).rejects.toMatchObject({ type: 'Outdated', nonRetryable: true })
    expect(() => release(1)).toThrow('not found')
  })

  it('says which configs made it necessary where nothing else did', async () => {
    const { deps, declared, configMap, record } = await scene()
    record(1, { revision: STABLE, configs: (await declared()).configs })
    configMap('prices', { book: 'another' })
    configMap('settings', { vat: '8.1' })
    const { revision } = await declared()
    const input = { ref, number: 2, revision, from: STABLE }
    const because = 'ConfigMap settings, ConfigMap prices changed'
    expect(await openRelease(deps, input)).toMatchObject({ because })
    expect(await openRelease(deps, input)).toMatchObject({ because })
  })

  it('says nothing of configs where the template is another one', async () => {
    const { deps, declared, record } = await scene()
    record(1, { revision: STABLE, template: { spec: { containers: [{ name: 'app', image: 'y' }] } } })
    const { revision } = await declared()
    expect(await openRelease(deps, { ref, number: 2, revision, from: STABLE })).not.toHaveProperty('because')
  })
})

describe('where nothing can be run from what is declared', () => {
  it('nothing begins', async () => {
    const { deps, remove } = await scene()
    remove('settings')
    expect((await observe(deps, { ref }))?.declared).toMatchObject({ isStable: false, rejected: true })
  })

  it('a release that is under way goes on: it has its own copies', async () => {
    const { deps, remove, record } = await scene()
    record(1, { revision: STABLE })
    remove('settings')
    const picture = await observe(deps, { ref })
    expect(picture?.declared).toMatchObject({ revision: STABLE, isStable: false, rejected: false })
    expect(picture?.open).toMatchObject({ number: 1, revision: STABLE })
  })
})

describe('what an engine released that did not look at configs', () => {
  it('is no other revision than what is declared, whatever they contain', async () => {
    const { look, serves } = await scene()
    serves()
    expect((await look()).declared).toMatchObject({ revision: STABLE, isStable: true, unnoted: true })
  })

  it('is known from the first look on: the next change of a config starts a release', async () => {
    const { deps, look, serves, declared, configMap, release } = await scene()
    serves()
    const { configs } = await declared()
    await settle(deps, { picture: await look() })
    expect(release(1).status).toMatchObject({ outcome: 'Promoted', configs })
    expect((await look()).declared).not.toHaveProperty('unnoted')
    configMap('settings', { vat: '8.1' })
    expect((await look()).declared).toMatchObject({ isStable: false, rejected: false })
  })

  it('is not known by a look after which another template was declared', async () => {
    const { deps, declareImage, look, serves, release } = await scene()
    serves()
    const picture = await look()
    declareImage('y')
    await settle(deps, { picture })
    expect(release(1).status).not.toHaveProperty('configs')
  })

  it('goes on where it is under way, and is named as it was', async () => {
    const { look, record } = await scene()
    record(1, { revision: STABLE })
    const picture = await look()
    expect(picture.declared.revision).toBe(STABLE)
    expect(picture.open).toMatchObject({ number: 1, revision: STABLE })
  })
})

/** By somebody who applies it, so many seconds before now. */
const written = (age: number) => {
  const at = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString()
  const managedFields = [
    { manager: 'git', operation: 'Apply', time: at(age) },
    { manager: 'old', operation: 'Update', time: at(3_600) },
  ]
  return { managedFields }
}

/** Nothing that was made before is new any more. */
function anHourPasses(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
  onTestFinished(() => void vi.useRealTimers())
}

describe('a config that changed a moment ago', () => {
  const now = { vat: '8.1' }

  async function serving() {
    const set = await scene()
    const { configs } = await set.declared()
    set.serves(configs)
    anHourPasses()
    return set
  }

  it('waits for the template that may follow it, whoever looks meanwhile', async () => {
    const { look, configMap } = await serving()
    configMap('settings', now, written(0))
    expect((await look()).declared).toMatchObject({ revision: STABLE, isStable: true })
    configMap('settings', now, written(6))
    expect((await look()).declared).toMatchObject({ isStable: false, rejected: false })
  })

  it('goes with the template that followed it, at once', async () => {
    const { look, declared, declareImage, configMap } = await serving()
    configMap('settings', now, written(0))
    declareImage('y')
    const { revision } = (await look()).declared
    expect(revision).toBe((await declared()).revision)
  })

  it('keeps nothing from going on that is under way without it', async () => {
    const { look, declared, record, configMap } = await serving()
    configMap('prices', { book: 'another' })
    const under = await declared()
    record(2, { revision: under.revision, configs: under.configs })
    configMap('settings', now, written(0))
    expect((await look()).declared).toMatchObject({ revision: under.revision, isStable: false })
    configMap('settings', now, written(6))
    expect((await look()).declared.revision).not.toBe(under.revision)
  })

  it('opens no release of its own', async () => {
    const { deps, declared, configMap, release } = await serving()
    configMap('settings', now, written(0))
    const { revision } = await declared()
    await expect(openRelease(deps, { ref, number: 2, revision, from: STABLE })).rejects.toMatchObject({
      type: 'Outdated',
    })
    expect(() => release(2)).toThrow('not found')
  })

  it('counts at once where it was missing and is needed, and where clocks are far apart', async () => {
    const { look, remove, configMap } = await serving()
    remove('settings')
    configMap('settings', now, written(0))
    expect((await look()).declared.isStable).toBe(false)
    anHourPasses()
    configMap('settings', now, written(-60))
    expect((await look()).declared.isStable).toBe(false)
  })
})
