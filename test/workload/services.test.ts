import { describe, expect, it } from 'vitest'
import { SERVICES } from '../../crds/resources.ts'
import { NEXT, REVISION, rollout, stage } from './stage.ts'

const selects = (revision: string) => ({ 'sluice.dev/rollout': 'checkout', 'sluice.dev/revision': revision })
const inGit = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'checkout', namespace: 'shop', labels: { team: 'till' } },
  spec: { selector: { app: 'checkout' }, ports: [{ name: 'web', port: 8080 }] },
}

describe('the apex Service', () => {
  it('is made from spec.service, belongs to the Rollout and selects stable', async () => {
    const { workload, service } = await stage()
    await workload.pointApex(rollout(), REVISION)
    const apex = service('checkout')
    expect(apex?.spec).toEqual({
      selector: selects(REVISION),
      ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
    })
    expect(apex?.metadata.ownerReferences).toEqual([
      { apiVersion: 'sluice.dev/v1alpha1', kind: 'Rollout', name: 'checkout', uid: 'uid-of-checkout' },
    ])
  })

  it('moves by its selector, and is not written when it selects stable already', async () => {
    const { workload, service, writes } = await stage()
    await workload.pointApex(rollout(), REVISION)
    await workload.pointApex(rollout(), NEXT)
    expect(service('checkout')?.spec['selector']).toEqual(selects(NEXT))
    const before = writes()
    await workload.pointApex(rollout(), NEXT)
    expect(writes()).toBe(before)
  })

  it('follows changed ports', async () => {
    const { workload, service } = await stage()
    await workload.pointApex(rollout(), REVISION)
    const ports = [{ name: 'http', port: 8080, protocol: 'TCP' as const }]
    await workload.pointApex(rollout({ service: { name: 'checkout', ports } }), REVISION)
    expect(service('checkout')?.spec['ports']).toEqual(ports)
  })

  it('that was there before keeps everything but its selector', async () => {
    const { workload, service, put } = await stage()
    put(SERVICES, inGit)
    await workload.pointApex(rollout(), REVISION)
    expect(service('checkout')).toMatchObject({ metadata: inGit.metadata, spec: { ports: inGit.spec.ports } })
    expect(service('checkout')?.spec['selector']).toEqual(selects(REVISION))
    expect(service('checkout')?.metadata.ownerReferences).toBeUndefined()
  })

  it('of another Rollout is left alone', async () => {
    const { workload, put } = await stage()
    put(SERVICES, { ...inGit, metadata: { ...inGit.metadata, labels: { 'sluice.dev/rollout': 'cart' } } })
    await expect(workload.pointApex(rollout(), REVISION)).rejects.toThrow(/is of Rollout cart/)
  })

  it('is moved even when somebody else writes it at the same time', async () => {
    const { workload, service, server } = await stage()
    await workload.pointApex(rollout(), REVISION)
    let touched = false
    server.interfere(({ method }) => {
      if (method !== 'PATCH' || touched) return undefined
      touched = true
      server.put(SERVICES, { ...inGit, spec: { selector: { stray: 'key' } } })
      return undefined
    })
    await workload.pointApex(rollout(), NEXT)
    expect(service('checkout')?.spec['selector']).toEqual(selects(NEXT))
  })
})

describe('Services of revisions', () => {
  it('bear the name of the Deployment and select its pods', async () => {
    const { workload, service } = await stage()
    await workload.ensureServices(rollout(), [REVISION, NEXT])
    for (const revision of [REVISION, NEXT]) {
      expect(service(`checkout-${revision}`)?.spec['selector']).toEqual(selects(revision))
    }
  })

  it('can be turned to another revision, and are turned back by the next release', async () => {
    const { workload, service } = await stage()
    await workload.ensureServices(rollout(), [REVISION, NEXT])
    await workload.redirectService(rollout(), NEXT, REVISION)
    expect(service(`checkout-${NEXT}`)?.spec['selector']).toEqual(selects(REVISION))
    await workload.ensureServices(rollout(), [REVISION, NEXT])
    expect(service(`checkout-${NEXT}`)?.spec['selector']).toEqual(selects(NEXT))
  })

  it('are removed by revision; the apex and what others made stay', async () => {
    const { workload, service, put } = await stage()
    await workload.pointApex(rollout(), REVISION)
    await workload.ensureServices(rollout(), [REVISION, NEXT])
    const foreign = { name: 'copy', namespace: 'shop', labels: selects(REVISION) }
    put(SERVICES, { ...inGit, metadata: foreign })
    await workload.removeServices(rollout(), [REVISION])
    expect(service(`checkout-${REVISION}`)).toBeUndefined()
    for (const name of [`checkout-${NEXT}`, 'checkout', 'copy']) expect(service(name)).toBeDefined()
  })

  it('are refused where somebody else has one of that name', async () => {
    const { workload, put } = await stage()
    put(SERVICES, { ...inGit, metadata: { name: `checkout-${REVISION}`, namespace: 'shop' } })
    await expect(workload.ensureServices(rollout(), [REVISION])).rejects.toThrow(/not of Rollout checkout/)
  })
})
