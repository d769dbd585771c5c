import { expect, it, onTestFinished } from 'vitest'
import type { Deps } from '../../activities/deps.ts'
import { observe } from '../../activities/observe.ts'
import { settle } from '../../activities/settle.ts'
import { API_VERSION, LABEL, releaseObject } from '../../crds/names.ts'
import { CONFIG_MAPS, RELEASES, ROLLOUTS } from '../../crds/resources.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import { formatFence } from '../../crds/traffic.ts'
import { createKube } from '../../kube/index.ts'
import { createWorkload } from '../../workload/index.ts'
import { placeOf, startApiServer } from '../fakes/api-server.ts'
import { validManifest } from '../fixtures/manifests.ts'

const ref = { namespace: 'shop', name: 'checkout' }
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const AT = '2026-01-02T03:04:05Z'
const DEFAULTS = {
  config: [],
  drain: '30m',
  progressDeadline: '10m',
  scaleDownDelay: '10m',
  abortScaleDownDelay: '30s',
  rollbackWindow: 3,
}
const ROUTER = { istio: { virtualServices: [{ name: 'shop', routes: ['checkout'] }] }, settle: '500ms' }
const template = {
  metadata: { labels: { app: 'checkout' } },
  spec: { containers: [{ name: 'app', image: 'x', envFrom: [{ configMapRef: { name: 'settings' } }] }] },
}

/** A Rollout at rest whose pods read `settings`; then a restart of them is declared, and seen. */
async function restartSeen() {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const kube = createKube({ kubeconfig: server.kubeconfig })
  const workload = createWorkload({ kube, log: silent })
  const route = { found: true, atRest: true, weights: {} }
  const deps = { kube, workload, router: { observe: async () => route }, now: Date.now } as unknown as Deps
  const configMap = (data: Record<string, string>): void =>
    void server.put(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...ref, name: 'settings' }, data })
  configMap({ vat: '7.7' })
  const declare = (more: object): Rollout => {
    const spec = { ...DEFAULTS, ...validManifest().spec, router: ROUTER, ...more }
    server.put(ROLLOUTS, { apiVersion: API_VERSION, kind: 'Rollout', metadata: ref, spec })
    return server.store.read(placeOf(ROLLOUTS, 'shop'), 'checkout') as unknown as Rollout
  }
  const rollout = declare({ template })
  const source = await workload.declared(rollout)
  const { revision, configs } = source
  await workload.ensureRevision(rollout, revision, source, 2)
  const labels = { [LABEL.rollout]: 'checkout' }
  server.put(RELEASES, {
    apiVersion: API_VERSION,
    kind: 'Release',
    metadata: { ...ref, name: releaseObject('checkout', 1), labels },
    spec: { rollout: 'checkout', number: 1, template, configs, revision, plan: { steps: [] }, policy: {} },
    status: { outcome: 'Promoted' },
  })
  const annotations = { 'kubectl.kubernetes.io/restartedAt': AT }
  declare({ template: { ...template, metadata: { ...template.metadata, annotations } } })
  const record = {
    fence: formatFence({ uid: rollout.metadata.uid ?? '', release: 1, seq: 1 }),
    stable: revision,
    release: 1,
  }
  Object.assign(route, { record })
  const picture = await observe(deps, { ref })
  if (!picture) throw new Error('there is no Rollout')
  expect(picture.declared).toMatchObject({ isStable: true, restart: true })
  return {
    configMap,
    declare,
    settle: () => settle(deps, { picture }),
    restartedAt: async () => (await workload.revisions(ref))[0]?.restartedAt,
  }
}

it('restarts stable where that was seen', async () => {
  const seen = await restartSeen()
  await seen.settle()
  expect(await seen.restartedAt()).toBe(AT)
})

it('comes to rest, and leaves the restart to the next look, where a config has changed since', async () => {
  const seen = await restartSeen()
  seen.configMap({ vat: '8.1' })
  await seen.settle()
  expect(await seen.restartedAt()).toBeUndefined()
})

it('comes to rest where nothing can be run from what is declared any more', async () => {
  const seen = await restartSeen()
  seen.declare({ template: undefined, workloadRef: { name: 'gone' } })
  await seen.settle()
  expect(await seen.restartedAt()).toBeUndefined()
})
