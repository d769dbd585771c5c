import colors from 'picocolors'
import { expect, inject, test } from 'vitest'
import { run as sluice } from '../../cli/program.ts'
import { NAMESPACES } from '../../crds/resources.ts'
import { adopting, apexOf, declare, declaredOf, run } from '../stage/adopted.ts'
import { ROLLOUT } from '../stage/shop.ts'
import { phaseOf, podsOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

const access = inject('access')
const STEPS = [{ setWeight: 50 }, { approve: { name: 'go' } }]

test.concurrent('what was adopted is ejected: the Deployment serves by itself, and nothing was lost', async () => {
  await using stage = await openStage({ access, name: 'ejected', retries: 0 })
  await run(stage, access, { version: '1.4.0', replicas: 2 })
  const stable = await stage.install(adopting({ steps: STEPS }))
  const load = stage.load({ rps: 60 })
  const { code, out } = await eject(stage.namespace)
  expect(code).toBe(0)
  expect(out).toContain('Handing back: the declared Deployment gets 2 pods again')
  expect(out).toContain('Deployment checkout serves by itself (2 pods)')
  await stage.until('the revision has left', (sight) => podsOf(sight, stable).length === 0)
  expect(apexOf(stage.now())).toEqual({ app: ROLLOUT })
  expect(declaredOf(stage.now())?.spec.replicas).toBe(2)
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})

test.concurrent(
  'a Rollout with a template of its own leaves its stable pods behind, and nobody to take them along',
  async () => {
    await using stage = await openStage({ access, name: 'ejected-template', retries: 0 })
    const stable = await stage.install({ version: '1.4.0', steps: STEPS })
    const load = stage.load({ rps: 60 })
    await stage.push({ version: '1.5.0' })
    await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
    const refused = await eject(stage.namespace)
    expect(refused).toMatchObject({
      code: 1,
      complaints: expect.stringContaining('release 2 of ejected-template/checkout is under way') as string,
    })
    await stage.say('abort')
    await stage.until('it is aborted', (sight) => phaseOf(sight) === 'Aborted')

    const { code, out } = await eject(stage.namespace)
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringContaining(`Deployment checkout-${stable} serves by itself`) as string,
    })
    await stage.until('only stable is left', ({ deployments }) => deployments.length === 1)
    const { deployments, services, releases, route } = stage.now()
    for (const { metadata } of [...deployments, ...services]) {
      expect(metadata.ownerReferences ?? []).toEqual([])
      expect(metadata.labels?.['app.kubernetes.io/managed-by']).toBeUndefined()
    }
    expect(services.map(({ metadata }) => metadata.name)).toEqual([ROLLOUT])
    expect(releases).toEqual([])
    expect(Object.keys(route?.metadata.annotations ?? {})).toEqual(['example.com/owner'])
    expect(podsOf(stage.now(), stable)).toHaveLength(2)
    expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
  },
)

test.concurrent('a namespace that goes is not held by what was adopted in it', async () => {
  await using stage = await openStage({ access, name: 'adopted-and-going' })
  await run(stage, access, { version: '1.4.0', replicas: 1 })
  await stage.install(adopting({ steps: STEPS, replicas: 1 }))
  await declare(stage, '1.5.0')
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await stage.kube.delete({ resource: NAMESPACES, name: stage.namespace })
  await stage.until(
    'everything in it is gone',
    ({ rollout, deployments, pods }) => !rollout && deployments.length + pods.length === 0,
  )
  expect(stage.now().releases).toEqual([])
})

/** As the admin types it. */
async function eject(namespace: string): Promise<{ code: number; out: string; complaints: string }> {
  let [out, complaints] = ['', '']
  const terminal = {
    print: (text: string) => void (out += text),
    complain: (text: string) => void (complaints += text),
    colors: colors.createColors(false),
    now: () => Date.now(),
  }
  const code = await sluice(['eject', ROLLOUT, '-n', namespace, '--kubeconfig', access.kubeconfig], terminal)
  return { code, out, complaints }
}
