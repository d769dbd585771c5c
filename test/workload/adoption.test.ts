import { describe, expect, it } from 'vitest'
import { ADOPTED_BY } from '../../crds/names.ts'
import { DEPLOYMENTS, PODS, ROLLOUTS, SERVICES } from '../../crds/resources.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import type { KubeObject } from '../../kube/index.ts'
import { problemOfPods, problemOfVolumes } from '../../workload/adoption-pods.ts'
import { refusalOfAdoption, type AroundAdoption } from '../../workload/adoption-refusal.ts'
import { placeOf } from '../fakes/api-server.ts'
import { NEXT, REVISION, rollout, source, stage, template } from './stage.ts'

const adopting = (): Rollout => {
  const { template: _, ...spec } = rollout().spec
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'checkout' } as const
  return { ...rollout(), spec: { ...spec, workloadRef, service: { name: 'checkout', ports: [] } } }
}

type Field = { manager: string; operation: 'Apply' | 'Update'; fieldsV1: object }
const owning = (manager: string, operation: Field['operation'], field = 'f:replicas'): Field => ({
  manager,
  operation,
  fieldsV1: { 'f:spec': { [field]: {} } },
})

const deployment = (metadata: Partial<KubeObject['metadata']> = {}, spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'checkout', namespace: 'shop', ...metadata },
  spec: { replicas: 3, selector: { matchLabels: { app: 'checkout' } }, template: template(), ...spec },
})

const service = (spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'checkout', namespace: 'shop' },
  spec: { selector: { app: 'checkout' }, ports: [{ name: 'http', port: 80, nodePort: 30080 }], ...spec },
})

const refusal = (around: Partial<AroundAdoption> = {}): string | undefined =>
  refusalOfAdoption(adopting(), {
    deployment: deployment(),
    service: service(),
    autoscalers: [],
    pinned: false,
    ...around,
  })

describe('a Deployment cannot be taken over', () => {
  it('unless nothing stands in the way', () => expect(refusal()).toBeUndefined())

  it.each<[what: string, around: Partial<AroundAdoption>, words: RegExp]>([
    [
      'while another Rollout has it',
      { deployment: deployment({ annotations: { [ADOPTED_BY]: 'cart' } }) },
      /is adopted by Rollout cart; delete one/,
    ],
    ['while it is being deleted', { deployment: deployment({ deletionTimestamp: 'now' }) }, /is being deleted; wait/],
    [
      'with the strategy Recreate',
      { deployment: deployment({}, { strategy: { type: 'Recreate' } }) },
      /strategy Recreate.*write strategy: \{ type: RollingUpdate \}/,
    ],
    ['without its Service', { service: undefined }, /there is no Service checkout in namespace shop; create it/],
    ['behind a headless Service', { service: service({ clusterIP: 'None' }) }, /is headless.*use a Service with/],
    ['behind a name elsewhere', { service: service({ type: 'ExternalName' }) }, /is an ExternalName/],
    ['behind a Service of other pods', { service: service({ selector: { app: 'cart' } }) }, /selects app=cart, which/],
    ['behind a Service without selector', { service: service({ selector: {} }) }, /has no selector/],
    [
      'while an autoscaler scales it',
      {
        autoscalers: [
          {
            apiVersion: 'autoscaling/v2',
            kind: 'HorizontalPodAutoscaler',
            metadata: { name: 'busy' },
            spec: { scaleTargetRef: { kind: 'Deployment', name: 'checkout' } },
          },
        ],
      },
      /HorizontalPodAutoscaler busy scales Deployment checkout.*kind: Rollout, name: checkout/,
    ],
    [
      'at another size than the Rollout declares',
      { deployment: deployment({}, { replicas: 5 }) },
      /has 5 pods and the Rollout declares 3.*write replicas: 5/,
    ],
  ])('%s', (_, around, words) => expect(refusal(around)).toMatch(words))

  it.each<[who: string, metadata: Partial<KubeObject['metadata']>]>([
    ['git', { managedFields: [owning('git', 'Apply')] }],
    ['helm', { managedFields: [owning('helm', 'Update')] }],
    [
      'kubectl-client-side-apply',
      { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"spec":{"replicas":3}}' } },
    ],
  ])('while %s applies its replicas, unless they are pinned', (who, metadata) => {
    const contested = deployment(metadata)
    expect(refusal({ deployment: contested })).toMatch(
      new RegExp(`field manager ${who} applies replicas of Deployment checkout.*remove replicas from the manifest`),
    )
    expect(refusal({ deployment: contested, pinned: true })).toBeUndefined()
  })

  it('but whoever scaled it once, or applies something else, is in nobody’s way', () => {
    const managedFields = [
      owning('kubectl-scale', 'Update'),
      owning('git', 'Apply', 'f:template'),
      owning('sluice-adoption', 'Apply'),
    ]
    expect(refusal({ deployment: deployment({ managedFields }) })).toBeUndefined()
  })

  it('at any size once it was taken over: its own is 0 then', () => {
    const adopted = deployment({ annotations: { [ADOPTED_BY]: 'checkout' } }, { replicas: 0 })
    expect(refusal({ deployment: adopted })).toBeUndefined()
  })
})

const NOTHING = /^$/

describe('pods of two revisions cannot run beside each other', () => {
  it.each<[what: string, spec: object, words: RegExp]>([
    ['of a port', { containers: [{ name: 'app', image: 'a', ports: [{ containerPort: 80 }] }] }, NOTHING],
    [
      'of a port of the node',
      { containers: [{ name: 'app', image: 'a', ports: [{ containerPort: 80, hostPort: 8080 }] }] },
      /container app takes port 8080 of its node \(hostPort\)/,
    ],
    [
      'of the network of the node',
      { hostNetwork: true, containers: [{ name: 'app', image: 'a', ports: [{ containerPort: 80 }] }] },
      /container app takes port 80 of its node \(hostNetwork\)/,
    ],
  ])('because %s', (_, spec, words) => {
    const found = problemOfPods({ spec: spec as never }, 'spec.template')
    expect(found ?? '').toMatch(words)
  })

  it.each([
    ['ReadWriteOnce', /PersistentVolumeClaim data is ReadWriteOnce.*ReadWriteMany/],
    ['ReadWriteMany', NOTHING],
  ] as const)('with a claim that is %s', (mode, words) => {
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }]
    const claimed = { ...template(), spec: { ...template().spec, volumes } }
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' } }
    const found = problemOfVolumes(claimed, 'spec.template', () => ({ ...claim, spec: { accessModes: [mode] } }))
    expect(found ?? '').toMatch(words)
  })
})

describe('what was taken over', () => {
  it('is declared by its Deployment, and its revisions belong to that', async () => {
    const { workload, put, deployment: live } = await stage()
    put(DEPLOYMENTS, deployment())
    put(SERVICES, service())
    const declared = await workload.declared(adopting())
    expect(declared.template).toEqual(source().template)
    await workload.ensureRevision(adopting(), REVISION, declared, 2)
    expect(live(`checkout-${REVISION}`)?.metadata.ownerReferences).toEqual([
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        name: 'checkout',
        uid: live('checkout')?.metadata.uid,
        controller: true,
      },
    ])
  })

  it('keeps its Service but for one key, and revisions have the ports of it', async () => {
    const { workload, put, service: live } = await stage()
    put(DEPLOYMENTS, deployment())
    put(SERVICES, service())
    await workload.pointApex(adopting(), REVISION)
    await workload.pointApex(adopting(), NEXT)
    expect(live('checkout')?.spec).toEqual({
      ...service().spec,
      selector: { app: 'checkout', 'sluice.dev/revision': NEXT },
    })
    await workload.ensureServices(adopting(), [NEXT])
    expect(live(`checkout-${NEXT}`)?.spec['ports']).toEqual([{ name: 'http', port: 80 }])

    await workload.freeApex(adopting())
    expect(live('checkout')?.spec).toEqual(service().spec)
    expect(live('checkout')?.metadata.annotations ?? {}).toEqual({})
  })

  it('has no pod of a revision behind its Service once they are to leave, and they stay those of their ReplicaSets', async () => {
    const { workload, put, server } = await stage()
    put(SERVICES, service({ selector: { app: 'checkout', tier: 'web' } }))
    const held = { 'sluice.dev/rollout': 'checkout', 'sluice.dev/revision': REVISION, 'pod-template-hash': 'abc' }
    const labelled = { app: 'checkout', tier: 'web', team: 'shop' }
    const add = (name: string, labels: Record<string, string>) =>
      put(PODS, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop', labels } })
    add('leaving', { ...labelled, ...held })
    add('declared', labelled)
    await workload.unselect(adopting())
    const labelsOf = (name: string) => server.store.read(placeOf(PODS, 'shop'), name).metadata.labels
    expect(labelsOf('leaving')).toEqual({ team: 'shop', ...held })
    expect(labelsOf('declared')).toEqual(labelled)

    add('another', { ...labelled, ...held, 'sluice.dev/revision': NEXT })
    await workload.unselect(adopting(), REVISION)
    expect(labelsOf('another')).toMatchObject(labelled)
    await workload.unselect(adopting(), NEXT)
    expect(labelsOf('another')).not.toHaveProperty('app')

    const before = server.requests.filter(({ method }) => method === 'PATCH').length
    await workload.unselect(adopting())
    expect(server.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(before)
  })

  it('is emptied and filled, and the mark on it goes when it is handed back', async () => {
    const { workload, put, deployment: live } = await stage()
    put(DEPLOYMENTS, deployment())
    put(SERVICES, service())
    expect(await workload.holdDeclared(adopting(), 0)).toEqual({})
    expect(live('checkout')?.spec['replicas']).toBe(0)
    expect(await workload.adoption(adopting())).toMatchObject({ replicas: 0, held: true })
    await workload.holdDeclared(adopting(), 3)
    expect(live('checkout')?.spec['replicas']).toBe(3)
    await workload.dissolve(adopting(), undefined)
    expect(await workload.adoption(adopting())).toMatchObject({ replicas: 3, held: false })
  })

  it('is not emptied while somebody applies its replicas', async () => {
    const { workload, put, deployment: live } = await stage()
    put(DEPLOYMENTS, deployment({ managedFields: [owning('git', 'Apply')] }))
    expect(await workload.holdDeclared(adopting(), 0)).toEqual({ contestedBy: 'git' })
    expect(live('checkout')?.spec['replicas']).toBe(3)
  })

  it('leaves nothing of the engine behind but the pods that are to stay, which are nobody’s then', async () => {
    const { workload, put, deployment: live, service: apex } = await stage()
    put(DEPLOYMENTS, deployment())
    put(SERVICES, service())
    for (const revision of [REVISION, NEXT]) await workload.ensureRevision(adopting(), revision, source(), 1)
    await workload.ensureServices(adopting(), [REVISION, NEXT])
    await workload.dissolve(adopting(), REVISION)
    expect(live(`checkout-${NEXT}`)).toBeUndefined()
    expect(live(`checkout-${REVISION}`)?.metadata).toMatchObject({ ownerReferences: [] })
    expect(apex(`checkout-${REVISION}`)).toBeUndefined()
    expect(apex('checkout')?.spec).toEqual(service().spec)
  })

  it('holds its Rollout by a finalizer until it is handed back', async () => {
    const { workload, put, server } = await stage()
    const made = put(ROLLOUTS, { ...adopting() }) as unknown as Rollout
    const finalizers = () => server.store.read(placeOf(ROLLOUTS, 'shop'), 'checkout').metadata.finalizers ?? []
    await workload.beginAdoption(made)
    await workload.beginAdoption(made)
    expect(finalizers()).toEqual(['sluice.dev/hand-back'])
    await workload.endAdoption(made)
    expect(finalizers()).toEqual([])
  })
})
