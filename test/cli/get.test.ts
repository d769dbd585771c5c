import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { stalledConditions } from '../../crds/conditions.ts'
import { CANARY, STABLE, stage } from './stage.ts'

describe('sluice get', () => {
  it('shows a Rollout per line: status, step, weight, revisions and the gate that waits', async () => {
    const { rollout, sluice } = await stage()
    rollout('AwaitingApproval', 'waits', { canary: CANARY, release: 2, step: '4/5', weight: 25, gate: 'go-wide' })
    rollout('Promoted', 'serves', { weight: 0 }, 'cart')
    const { out, code } = await sluice('get')
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/))
    expect(code).toBe(0)
    expect(lines[0]).toEqual(['NAME', 'STATUS', 'STEP', 'WEIGHT', 'STABLE', 'CANARY', 'GATE', 'AGE'])
    expect(lines[1]?.slice(0, -1)).toEqual(['checkout', 'AwaitingApproval', '4/5', '25 %', STABLE, CANARY, 'go-wide'])
    expect(lines[2]?.slice(0, -1)).toEqual(['cart', 'Promoted', STABLE])
  })

  it('adds the last release and the message with -o wide, the namespace with -A', async () => {
    const { rollout, sluice } = await stage()
    const lastRelease = { number: 3, revision: CANARY, outcome: 'RolledBack' } as const
    rollout('RolledBack', 'Rolled back: too many failures', { lastRelease })
    const { out } = await sluice('get', 'checkout', '-o', 'wide')
    expect(out).toMatch(/3 RolledBack .* Rolled back: too many failures$/m)
    expect((await sluice('get', '-A')).out).toMatch(/^NAMESPACE .*\nshop +checkout +RolledBack/)
  })

  it('finds a name in all namespaces with -A', async () => {
    const { rollout, sluice } = await stage()
    rollout('Promoted', 'serves')
    rollout('Promoted', 'serves', {}, 'cart')
    expect((await sluice('-n', 'other', 'get', 'cart', '-A')).out).toMatch(/^NAMESPACE .*\nshop +cart +Promoted .*\n$/)
    expect(JSON.parse((await sluice('get', 'cart', '-A', '-o', 'json')).out)).toMatchObject({ kind: 'List' })
    expect((await sluice('get', 'basket', '-A')).complaints).toContain('there is no Rollout basket in any namespace')
  })

  it('says why nothing goes on', async () => {
    const { rollout, sluice } = await stage()
    const message = 'spec.router.istio: there is no VirtualService shop'
    const stalled = stalledConditions({ stall: 'InvalidSpec', message, generation: 1, at: 0 })
    rollout('Promoted', '', { conditions: stalled })
    expect((await sluice('get', '-o', 'wide')).out).toMatch(/checkout +InvalidSpec .*there is no VirtualService shop$/m)
  })

  it('names the outcome that the release has, whatever was declared since', async () => {
    const { rollout, release, sluice } = await stage()
    rollout('Promoted', 'serves', { lastRelease: { number: 3, revision: CANARY, outcome: 'Withdrawn' } })
    release(3, { outcome: 'Aborted' })
    expect((await sluice('get', '-o', 'wide')).out).toMatch(/ 3 Aborted .* serves$/m)
  })

  it('gives the object itself, without what the API server keeps for itself', async () => {
    const { rollout, sluice } = await stage()
    rollout('Promoted', 'serves')
    const one = JSON.parse((await sluice('get', 'checkout', '-o', 'json')).out) as object
    expect(one).toMatchObject({ kind: 'Rollout', metadata: { name: 'checkout' }, status: { stable: STABLE } })
    expect(one).not.toHaveProperty('metadata.managedFields')
    expect(parse((await sluice('get', '-o', 'yaml')).out)).toMatchObject({ kind: 'List', items: [one] })
  })

  it('says where to look when there is none', async () => {
    const { sluice } = await stage()
    const none = await sluice('get')
    expect(none).toMatchObject({ code: 0, out: '' })
    expect(none.complaints).toContain('no Rollout in namespace shop; -n NAMESPACE looks elsewhere, -A everywhere')
    const missing = await sluice('get', 'checkout')
    expect(missing.code).toBe(1)
    expect(missing.complaints).toBe('error: there is no Rollout shop/checkout; sluice get -A lists what there is\n')
  })
})
