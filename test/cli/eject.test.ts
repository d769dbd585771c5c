import { describe, expect, it } from 'vitest'
import { API_VERSION, HAND_BACK } from '../../crds/names.ts'
import { DEPLOYMENTS, ROLLOUTS } from '../../crds/resources.ts'
import { placeOf } from '../fakes/api-server.ts'
import { CANARY, STABLE, stage, type Cli } from './stage.ts'

const spec = { template: { spec: { containers: [] } }, service: { name: 'checkout', ports: [] } }

function serving(cli: Cli): void {
  cli.rollout('Promoted', 'serves', { stable: STABLE })
  const metadata = { namespace: 'shop', name: 'checkout' }
  cli.server.put(ROLLOUTS, { apiVersion: API_VERSION, kind: 'Rollout', metadata, spec })
  const name = `checkout-${STABLE}`
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace: 'shop', name } }
  cli.server.put(DEPLOYMENTS, { ...deployment, spec: { replicas: 3 } })
}

const live = ({ server }: Cli) =>
  server.store.list(placeOf(ROLLOUTS, 'shop')).find(({ metadata }) => metadata.name === 'checkout')

describe('sluice eject', () => {
  it('lets the engine come first, waits for it, and says what serves then', async () => {
    const cli = await stage()
    serving(cli)
    const begun = cli.begin(['eject', 'checkout'])
    await expect.poll(() => live(cli)?.metadata.deletionTimestamp).toBeDefined()
    expect(live(cli)?.metadata.finalizers).toEqual([HAND_BACK])
    cli.server.store.merge(placeOf(ROLLOUTS, 'shop'), 'checkout', { metadata: { finalizers: [] } })
    expect(await begun.ended).toBe(0)
    expect(begun.out()).toContain(
      `shop/checkout is no Rollout any more: Deployment checkout-${STABLE} serves by itself (3 pods)`,
    )
  })

  it('gives up waiting after its time, and not what was begun', async () => {
    const cli = await stage()
    serving(cli)
    const { code, complaints } = await cli.sluice('eject', 'checkout', '--timeout', '50ms')
    expect(code).toBe(2)
    expect(complaints).toContain('not finished within 50ms: the engine goes on with it without you')
  })

  it('is refused while a release is under way, with what to do', async () => {
    const cli = await stage()
    cli.rollout('Analysing', 'looks', { canary: CANARY, stable: STABLE, release: 2 })
    const { code, complaints } = await cli.sluice('eject', 'checkout')
    expect(code).toBe(1)
    expect(complaints).toMatch(
      /release 2 of shop\/checkout is under way: wait until it has ended, or go back first: .* abort checkout/,
    )
    expect(live(cli)?.metadata.deletionTimestamp).toBeUndefined()
  })
})
