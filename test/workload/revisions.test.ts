import { describe, expect, it } from 'vitest'
import { DEPLOYMENTS } from '../../crds/resources.ts'
import { NEXT, REVISION, rollout, source, stage, template } from './stage.ts'

const NAME = `checkout-${REVISION}`
const RESTART = 'kubectl.kubernetes.io/restartedAt'
const restartOf = (deployment: { spec: Record<string, unknown> } | undefined): string | undefined => {
  const template = deployment?.spec['template'] as { metadata: { annotations?: Record<string, string> } } | undefined
  return template?.metadata.annotations?.[RESTART]
}

describe('a revision', () => {
  it('becomes a Deployment with the template as declared and the labels by which it is known', async () => {
    const { workload, deployment } = await stage()
    await workload.ensureRevision(rollout(), REVISION, source(), 2)
    const made = deployment(NAME)
    expect(made?.spec).toMatchInlineSnapshot(`
      {
        "progressDeadlineSeconds": 600,
        "replicas": 2,
        "revisionHistoryLimit": 0,
        "selector": {
          "matchLabels": {
            "sluice.dev/revision": "aaaaaaaaaa",
            "sluice.dev/rollout": "checkout",
          },
        },
        "template": {
          "metadata": {
            "labels": {
              "app": "checkout",
              "service.istio.io/canonical-name": "checkout",
              "service.istio.io/canonical-revision": "aaaaaaaaaa",
              "sluice.dev/revision": "aaaaaaaaaa",
              "sluice.dev/rollout": "checkout",
            },
          },
          "spec": {
            "containers": [
              {
                "image": "shop.local/checkout:1.4.0",
                "name": "app",
              },
            ],
            "terminationGracePeriodSeconds": 5,
          },
        },
      }
    `)
    expect(made?.metadata.labels).toMatchObject({ app: 'checkout', 'sluice.dev/revision': REVISION })
    expect(made?.metadata.ownerReferences).toEqual([
      {
        apiVersion: 'sluice.dev/v1alpha1',
        kind: 'Rollout',
        name: 'checkout',
        uid: 'uid-of-checkout',
        controller: true,
      },
    ])
  })

  it('keeps the canonical name that the template sets', async () => {
    const { workload, deployment } = await stage()
    const named = template()
    named.metadata = { labels: { 'service.istio.io/canonical-name': 'till' } }
    await workload.ensureRevision(rollout(), REVISION, { template: named, configs: {} }, 1)
    expect(deployment(NAME)?.spec['template']).toMatchObject({
      metadata: {
        labels: { 'service.istio.io/canonical-name': 'till', 'service.istio.io/canonical-revision': REVISION },
      },
    })
  })

  it('is grown and never shrunk by ensureRevision; scale does both', async () => {
    const { workload, deployment } = await stage()
    await workload.ensureRevision(rollout(), REVISION, source(), 2)
    await workload.ensureRevision(rollout(), REVISION, source(), 5)
    expect(deployment(NAME)?.spec['replicas']).toBe(5)
    await workload.ensureRevision(rollout(), REVISION, source(), 1)
    expect(deployment(NAME)?.spec['replicas']).toBe(5)
    await workload.scale(rollout(), REVISION, 1)
    expect(deployment(NAME)?.spec['replicas']).toBe(1)
  })

  it('is not written when nothing changes', async () => {
    const { workload, writes } = await stage()
    await workload.ensureRevision(rollout(), REVISION, source(), 2)
    const before = writes()
    await workload.ensureRevision(rollout(), REVISION, source(), 2)
    await workload.scale(rollout(), REVISION, 2)
    expect(writes()).toBe(before)
  })

  it('keeps its template when a newer engine would write another one', async () => {
    const { workload, deployment, server } = await stage()
    await workload.ensureRevision(rollout(), REVISION, source(), 1)
    const older = { metadata: { labels: { 'made-by': 'an older engine' } } }
    server.put(DEPLOYMENTS, { ...deployment(NAME)!, spec: { template: older } })
    await workload.ensureRevision(rollout(), REVISION, source(), 2)
    expect(deployment(NAME)?.spec['template']).toMatchObject(older)
  })

  it('restarts when a later restart is declared, and not when an older snapshot comes again', async () => {
    const { workload, deployment } = await stage()
    const [early, late] = ['2026-05-01T10:00:00Z', '2026-05-01T13:00:00+02:00']
    await workload.ensureRevision(rollout(), REVISION, source(), 1)
    await workload.ensureRevision(rollout(), REVISION, source({ [RESTART]: late }), 1)
    expect(restartOf(deployment(NAME))).toBe(late)
    await workload.ensureRevision(rollout(), REVISION, source({ [RESTART]: early }), 1)
    await workload.ensureRevision(rollout(), REVISION, source(), 1)
    expect(restartOf(deployment(NAME))).toBe(late)
    expect((await workload.revisions({ namespace: 'shop', name: 'checkout' }))[0]?.restartedAt).toBe(late)
  })

  it('survives that somebody writes between read and write', async () => {
    const { workload, deployment, server } = await stage()
    await workload.ensureRevision(rollout(), REVISION, source(), 1)
    let touched = 0
    server.interfere(({ method }) => {
      if (method === 'PATCH' && touched < 2) {
        touched += 1
        server.put(DEPLOYMENTS, { ...deployment(NAME)!, status: {}, spec: { paused: touched === 1 } })
      }
      return undefined
    })
    await workload.ensureRevision(rollout(), REVISION, source(), 3)
    expect(deployment(NAME)?.spec['replicas']).toBe(3)
  })

  it('is rescued from an earlier Rollout of the same name', async () => {
    const { workload, deployment } = await stage()
    await workload.ensureRevision(rollout({}, 'earlier'), REVISION, source(), 1)
    await workload.ensureRevision(rollout({}, 'later'), REVISION, source(), 1)
    expect(deployment(NAME)?.metadata.ownerReferences?.map(({ uid }) => uid)).toEqual(['later'])
  })

  it('does not take over a Deployment of somebody else', async () => {
    const { workload, put, deployment } = await stage()
    put(DEPLOYMENTS, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: NAME, namespace: 'shop' },
      spec: { replicas: 1 },
    })
    await expect(workload.ensureRevision(rollout(), REVISION, source(), 3)).rejects.toThrow(/not of Rollout checkout/)
    await expect(workload.scale(rollout(), REVISION, 0)).rejects.toThrow(/not of Rollout checkout/)
    expect(deployment(NAME)?.spec['replicas']).toBe(1)
  })
})

describe('the end of a revision', () => {
  it('is refused while it has replicas, and repeated without harm', async () => {
    const { workload, deployment } = await stage()
    await workload.ensureRevision(rollout(), REVISION, source(), 1)
    await expect(workload.remove(rollout(), REVISION)).rejects.toThrow(/still has 1 replicas/)
    await workload.scale(rollout(), REVISION, 0)
    await workload.remove(rollout(), REVISION)
    expect(deployment(NAME)).toBeUndefined()
    await workload.remove(rollout(), REVISION)
    await workload.scale(rollout(), REVISION, 0)
    await expect(workload.scale(rollout(), REVISION, 1)).rejects.toThrow(/is gone/)
  })
})

describe('the revisions of a Rollout', () => {
  it('come with their size and the pods that are Ready and stay', async () => {
    const { workload, pod } = await stage()
    await workload.ensureRevision(rollout(), REVISION, source(), 3)
    await workload.ensureRevision(rollout(), NEXT, source(), 1)
    pod({ name: 'a', ready: true })
    pod({ name: 'b', ready: true, deleting: true })
    pod({ name: 'c' })
    pod({ name: 'd', revision: NEXT, ready: true })
    expect(await workload.revisions({ namespace: 'shop', name: 'checkout' })).toEqual([
      { revision: REVISION, replicas: 3, ready: 1 },
      { revision: NEXT, replicas: 1, ready: 1 },
    ])
  })
})
