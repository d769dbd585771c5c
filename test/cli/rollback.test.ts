import { describe, expect, it } from 'vitest'
import { LABEL, routeAnnotation, serviceHost } from '../../crds/names.ts'
import { ROLLOUTS, SERVICES, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import { CANARY, STABLE, stage, type Cli } from './stage.ts'

const to = (host: string, weight: number) => ({ destination: { host: serviceHost('shop', host) }, weight })
const rest = [{ destination: { host: 'checkout' } }]

/** A release at 25 %, as the engine leaves it when it goes away. */
function midRelease({ server, rollout }: Cli): void {
  const metadata = { name: 'checkout', namespace: 'shop' }
  rollout('Analysing', 'looks', { canary: CANARY, release: 2, step: '2/5', weight: 25 })
  const service = { name: 'checkout', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }
  const router = { istio: { virtualServices: [{ name: 'checkout', routes: ['primary'] }] } }
  server.put(ROLLOUTS, { apiVersion: 'sluice.dev/v1alpha1', kind: 'Rollout', metadata, spec: { service, router } })
  const selector = { [LABEL.rollout]: 'checkout', [LABEL.revision]: STABLE }
  server.put(SERVICES, { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector } })
  const weights = { [STABLE]: 75, [CANARY]: 25 }
  const kept = { 'checkout/primary': rest }
  const record = { fence: 'uid:2.7', stable: STABLE, canary: CANARY, release: 2, weights, rest: kept }
  const route = [to(`checkout-${STABLE}`, 75), to(`checkout-${CANARY}`, 25)]
  server.put(VIRTUAL_SERVICES, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { ...metadata, annotations: { [routeAnnotation('shop', 'checkout')]: JSON.stringify(record) } },
    spec: { hosts: ['shop.local'], http: [{ name: 'primary', route }] },
  })
}

const routeOf = ({ server }: Cli): unknown =>
  server.store.read({ collection: 'networking.istio.io/v1/virtualservices', namespace: 'shop' }, 'checkout').spec

describe('sluice rollback --direct', () => {
  it('gives everything back to stable with nothing but the API server, and says what that means', async () => {
    const cli = await stage()
    midRelease(cli)
    const { code, out } = await cli.sluice('rollback', 'checkout', '--direct')
    expect(routeOf(cli)).toEqual({ hosts: ['shop.local'], http: [{ name: 'primary', route: rest }] })
    expect(code).toBe(0)
    expect(out).toContain(`${STABLE} serves all of the traffic of shop/checkout again, ${CANARY} none`)
    expect(out).toContain('the abort of release 2')
    expect(out).toContain('Git still declares what was taken back')
  })

  it('says so when it was done before', async () => {
    const cli = await stage()
    midRelease(cli)
    await cli.sluice('rollback', 'checkout', '--direct')
    const { code, out } = await cli.sluice('rollback', 'checkout', '--direct')
    expect(code).toBe(0)
    expect(out).toContain('release 2 was aborted on the route before')
  })

  it('says what the API server refused', async () => {
    const cli = await stage()
    midRelease(cli)
    const message = 'virtualservices "checkout" is forbidden'
    cli.server.interfere(({ method }) => (method === 'PATCH' ? { code: 403, reason: 'Forbidden', message } : undefined))
    const { code, complaints } = await cli.sluice('rollback', 'checkout', '--direct')
    expect(code).toBe(1)
    expect(complaints).toContain(message)
  })
})
