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

  it('that somebody else made is not written: the refusal names it, who wrote it and what to do', async () => {
    const { workload, service, put, writes } = await stage()
    const managedFields = [{ manager: 'helm', operation: 'Update' as const, fieldsV1: { 'f:spec': {} } }]
    put(SERVICES, { ...inGit, metadata: { ...inGit.metadata, managedFields } })
    const refusal =
      /^spec\.service\.name: Service checkout exists and was made by somebody else \(field manager helm\).*choose another name.*kubectl label service checkout --overwrite sluice\.dev\/rollout=checkout/
    const foreign = { name: 'ForeignObject', message: expect.stringMatching(refusal) as string }
    await expect(workload.refuseForeignApex(rollout())).rejects.toMatchObject(foreign)
    await expect(workload.pointApex(rollout(), REVISION)).rejects.toMatchObject(foreign)
    expect(service('checkout')?.spec).toEqual(inGit.spec)
    expect(writes()).toBe(0)
  })

  it('that belongs to something else says to what', async () => {
    const { workload, put } = await stage()
    const ownerReferences = [{ apiVersion: 'serving.knative.dev/v1', kind: 'Route', name: 'till', uid: 'uid-of-till' }]
    put(SERVICES, { ...inGit, metadata: { ...inGit.metadata, ownerReferences } })
    await expect(workload.refuseForeignApex(rollout())).rejects.toThrow(
      /Service checkout exists and belongs to Route till/,
    )
  })

  it('that was given to the Rollout by the label is its own from then on, and goes with it', async () => {
    const { workload, service, put } = await stage()
    put(SERVICES, {
      ...inGit,
      metadata: { ...inGit.metadata, labels: { team: 'till', 'sluice.dev/rollout': 'checkout' } },
    })
    await workload.refuseForeignApex(rollout())
    await workload.pointApex(rollout(), REVISION)
    expect(service('checkout')?.spec).toEqual({ selector: selects(REVISION), ports: rollout().spec.service.ports })
    expect(service('checkout')?.metadata.ownerReferences).toMatchObject([{ kind: 'Rollout', uid: 'uid-of-checkout' }])
  })

  it('that is missing refuses nothing', async () => {
    const { workload } = await stage()
    await expect(workload.refuseForeignApex(rollout())).resolves.toBeUndefined()
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
      const metadata = { ...inGit.metadata, labels: { 'sluice.dev/rollout': 'checkout' } }
      server.put(SERVICES, { ...inGit, metadata, spec: { ...inGit.spec, selector: { stray: 'key' } } })
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
