import { expect, inject, test } from 'vitest'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { KubeObject } from '../../kube/index.ts'
import { untilAnswered } from '../stage/answer.ts'
import { foreignText } from '../stage/routes.ts'
import { MANAGED_PATH, PRIMARY, ROLLOUT, ROUTES, type VirtualService } from '../stage/shop.ts'
import { outcomeOf, phaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
const STEPS = [{ setWeight: 50 }, { approve: { name: 'go' } }]
const DELEGATE = 'till'

test.concurrent(
  'a delegate carries the weights of those whom its root sends, and the root is not touched',
  async () => {
    await using stage = await openStage({ access, name: 'delegates', isBare: true })
    const root = await stage.kube.create(VIRTUAL_SERVICES, rootOf(stage))
    const delegate = await stage.kube.create(VIRTUAL_SERVICES, delegateOf(stage))
    const istio = {
      virtualServices: [{ name: DELEGATE, routes: [PRIMARY] }],
      trafficPolicy: { tls: { mode: 'DISABLE' } },
    }
    await stage.install({ version: '1.4.0', steps: STEPS, spec: { router: { istio, settle: '500ms' } } })
    await untilAnswered(`${access.gateway}${MANAGED_PATH}`, `${stage.namespace}.shop.local`)
    const load = stage.load({ rps: 40 })
    await stage.push({ version: '1.5.0' })
    await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
    await expect.poll(async () => (await load.stats()).versions['1.5.0']?.requests ?? 0).toBeGreaterThan(20)
    expect((await load.stats()).versions['1.4.0']?.requests).toBeGreaterThan(20)
    await stage.say('approve')
    await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
    expect(foreignText(await read(stage, DELEGATE))).toBe(foreignText(delegate))
    expect(await read(stage, ROUTES)).toEqual(root)
    expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
  },
)

const read = async ({ kube, namespace }: Stage, name: string): Promise<VirtualService> =>
  (await kube.get<VirtualService>({ resource: VIRTUAL_SERVICES, namespace, name }))!

const route = (namespace: string, name: string, spec: object): VirtualService =>
  ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, namespace },
    spec,
  }) satisfies KubeObject & { spec: object } as VirtualService

const rootOf = ({ namespace }: Stage): VirtualService =>
  route(namespace, ROUTES, {
    hosts: [`${namespace}.shop.local`],
    gateways: ['istio-system/gateway'],
    http: [{ name: 'all', match: [{ uri: { prefix: MANAGED_PATH } }], delegate: { name: DELEGATE } }],
  })

/** Neither hosts nor gateways: those are its root's. */
const delegateOf = ({ namespace }: Stage): VirtualService =>
  route(namespace, DELEGATE, {
    http: [
      {
        name: PRIMARY,
        match: [{ uri: { prefix: MANAGED_PATH } }],
        retries: { attempts: 0 },
        route: [{ destination: { host: ROLLOUT, port: { number: 80 } } }],
      },
    ],
  })
