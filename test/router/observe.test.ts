import { describe, expect, it } from 'vitest'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import { CANARY, fence, hostOf, inGit, KEY, STABLE, stage } from './stage.ts'

const weighted = (canary: number) => [
  { destination: { host: hostOf(STABLE) }, weight: 100 - canary },
  { destination: { host: hostOf(CANARY) }, weight: canary },
]

const RECORDLESS = { annotations: { [KEY]: null } }

/** At 25 %, then edited by a person. */
async function editedBy(route: unknown, name = 'primary') {
  const on = await stage()
  await on.shift(25)
  const http = on.live()!.spec.http.map((one) => (one.name === 'primary' ? { ...one, name, route } : one))
  on.edit({ spec: { http } })
  return on.router.observe(on.target)
}

describe('a look at the route', () => {
  it('before the first write sees it at rest, without record', async () => {
    const { router, target } = await stage()
    const seen = { found: true, atRest: true, weights: {}, replacedBy: 'unknown' }
    expect(await router.observe(target)).toEqual(seen)
  })

  it('at rest gives everything to stable', async () => {
    const { install, router, target } = await stage()
    await install()
    expect(await router.observe(target)).toMatchObject({ found: true, atRest: true, weights: { [STABLE]: 100 } })
  })

  it('during a release sees the weights, and does not take its own writes for foreign', async () => {
    const { shift, router, target } = await stage()
    for (const [seq, weight] of [5, 25, 33, 50].entries()) {
      await shift(weight, fence(2, seq))
      const seen = await router.observe(target)
      expect(seen).toMatchObject({ found: true, atRest: false, weights: { [STABLE]: 100 - weight, [CANARY]: weight } })
      expect(seen).not.toHaveProperty('foreign')
    }
    await router.restore(target, fence(2, 9))
    expect(await router.observe(target)).not.toHaveProperty('foreign')
  })

  it('writes nothing', async () => {
    const { shift, router, target, writes } = await stage()
    await shift(25)
    const before = writes()
    await router.observe(target)
    expect(writes()).toBe(before)
  })

  it('sees that it is gone, or that its name is', async () => {
    const { router, target, remove } = await stage()
    remove()
    expect(await router.observe(target)).toMatchObject({ found: false })
    expect(await editedBy(weighted(25), 'main')).toMatchObject({ found: false, foreign: { direction: 'gone' } })
    expect(await editedBy([{ destination: { host: 'cart' } }])).toMatchObject({
      found: false,
      foreign: { direction: 'gone' },
    })
  })
})

describe('a foreign edit', () => {
  it('has a direction', async () => {
    expect((await editedBy(weighted(5))).foreign?.direction).toBe('towardsStable')
    expect((await editedBy(weighted(90))).foreign?.direction).toBe('towardsCanary')
    expect((await editedBy(inGit().spec.http[1]!.route)).foreign?.direction).toBe('towardsStable')
  })

  it('is none when only foreign destinations or their share changed', async () => {
    const more = [...weighted(25), { destination: { host: 'cart' }, weight: 300 }]
    expect(await editedBy(more)).not.toHaveProperty('foreign')
  })

  it('names the newest other field manager of the spec', async () => {
    const { shift, router, target, live, edit, server } = await stage()
    await shift(25)
    const entry = (manager: string, time: string, fieldsV1: unknown) => ({
      manager,
      operation: 'Update',
      time,
      fieldsV1,
    })
    const spec = { 'f:spec': { 'f:http': {} } }
    server.put(VIRTUAL_SERVICES, {
      ...live()!,
      metadata: {
        ...live()!.metadata,
        managedFields: [
          entry('kubectl-edit', '2026-05-01T10:00:09Z', spec),
          entry('argocd-controller', '2026-05-01T10:00:00Z', spec),
          entry('sluice', '2026-05-01T10:00:10Z', spec),
          entry('labeler', '2026-05-01T10:00:11Z', { 'f:metadata': {} }),
        ],
      },
    })
    edit({ spec: { http: inGit().spec.http } })
    expect((await router.observe(target)).foreign).toEqual({ direction: 'towardsStable', manager: 'kubectl-edit' })
  })

  it('that replaced the route whole took our record with it: then it says whose it is', async () => {
    const { shift, router, target, edit } = await stage()
    await shift(25)
    const managedFields = [{ manager: 'flux', time: '2026-05-01T10:00:00Z', fieldsV1: { 'f:spec': {} } }]
    edit({ metadata: { ...RECORDLESS, managedFields }, spec: { http: inGit().spec.http } })
    const seen = await router.observe(target)
    expect(seen).toMatchObject({ found: true, atRest: true, replacedBy: 'flux' })
    expect(seen).not.toHaveProperty('record')
  })

  it('of one of several objects is seen on that one, when its record went with it', async () => {
    const { router, target, shift, edit } = await stage({ virtualServices: [inGit(), inGit('inner')] })
    await shift(25)
    expect(await router.observe(target)).not.toHaveProperty('foreign')
    edit({ metadata: RECORDLESS })
    expect((await router.observe(target)).foreign).toEqual({ direction: 'towardsCanary', manager: 'unknown' })
    edit({ spec: { http: inGit().spec.http } })
    expect((await router.observe(target)).foreign).toEqual({ direction: 'towardsStable', manager: 'unknown' })
  })

  it('of one of several objects is seen where only a cohort is on it', async () => {
    const { router, target, edit } = await stage({ virtualServices: [inGit(), inGit('inner')] })
    const match = [{ headers: { 'x-beta': { exact: 'yes' } } }]
    await router.setTraffic(target, { weights: { [STABLE]: 100 }, canary: CANARY, match }, { fence: fence(2, 1) })
    expect(await router.observe(target)).not.toHaveProperty('foreign')
    edit({ metadata: RECORDLESS, spec: { http: inGit().spec.http } })
    expect((await router.observe(target)).foreign).toEqual({ direction: 'towardsStable', manager: 'unknown' })
  })
})
