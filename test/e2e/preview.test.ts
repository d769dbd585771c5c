import { expect, inject, test } from 'vitest'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import { eventually } from '../patience.ts'
import { phaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'
import { createUser, type Answer } from '../stage/users.ts'

const access = inject('access')

const STABLE: Answer = { status: 200, version: '1.4.0' }
const CANARY: Answer = { status: 200, version: '1.5.0' }
const HOST = 'preview.shop.local'

test.concurrent(
  'the new revision answers under the preview host before the switch, and nothing does after it',
  async () => {
    await using stage = await openStage({ access, name: 'previewed' })
    const spec = { strategy: { blueGreen: { preview: { host: HOST }, approve: { name: 'switch' } } } }
    await stage.install({ version: '1.4.0', steps: [], spec })
    const before = JSON.stringify(stage.now().route?.spec)
    await stage.push({ version: '1.5.0' })
    await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')

    const { namespace } = stage
    const [customer, tester] = [createUser({ access, namespace }), createUser({ access, namespace, host: HOST })]
    await eventually(async () => expect(await tester.visit()).toEqual(CANARY))
    expect(await customer.visit()).toEqual(STABLE)
    expect(JSON.stringify(stage.now().route?.spec)).toBe(before)
    expect((await previewOf(stage))?.metadata.ownerReferences).toMatchObject([{ kind: 'Rollout' }])

    await stage.kube.delete({ resource: VIRTUAL_SERVICES, namespace, name: 'checkout-preview' })
    await stage.until('it is said that it is gone', ({ releases }) =>
      releases.at(-1)?.status?.timeline?.some(({ event }) => event === 'ForeignEdit'),
    )
    await eventually(async () => expect(await tester.visit()).toEqual(CANARY))
    expect(await customer.visit()).toEqual(STABLE)

    await stage.say('approve')
    await eventually(async () => expect(await customer.visit()).toEqual(CANARY))
    await eventually(async () => expect(await previewOf(stage)).toBeUndefined())
    await eventually(async () => expect((await tester.visit()).status).toBe(404))
    const edits = stage.now().releases.flatMap(({ status }) => status?.timeline ?? [])
    expect(edits.filter(({ event }) => event === 'ForeignEdit')).toHaveLength(1)
  },
)

const previewOf = ({ kube, namespace }: Stage) =>
  kube.get({ resource: VIRTUAL_SERVICES, namespace, name: 'checkout-preview' })
