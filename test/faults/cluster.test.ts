import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LABEL } from '../../crds/names.ts'
import { VIRTUAL_SERVICES } from '../../crds/resources.ts'
import { setEndpointDelay } from '../../stack/node/node.ts'
import { refuseWrites } from '../stage/refusal.ts'
import { startGround, type Ground } from '../stage/ground.ts'
import { analysisOf, ROUTES } from '../stage/shop.ts'
import { hasLeft, outcomeOf, phaseOf, podsOf, releaseOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

let ground: Ground
beforeAll(async () => {
  ground = await startGround()
})
afterAll(() => ground[Symbol.asyncDispose]())

test('no request is lost across a promotion and a rollback, however late endpoints are', async () => {
  const { access } = ground
  await using stage = await openStage({ access, name: 'nothing-lost', retries: 0 })
  await setEndpointDelay(stage.kube, 1_000)
  const stable = await stage.install({
    version: '1.4.0',
    steps: [{ setWeight: 25 }, { analyze: { for: '4s' } }, { setWeight: 75 }, { pause: { for: '1s' } }],
    analysis: analysisOf(access.prometheus),
    spec: { router: ROUTER_THAT_SETTLES },
  })
  const load = stage.load({ rps: 200 })

  await stage.push({ version: '1.5.0' })
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  await stage.until('the old version has left', (sight) => hasLeft(sight, stable))
  await stage.push({ version: '1.6.0' })
  const { spec } = await stage.until(
    '1.6.0 is rolled back',
    (sight) => outcomeOf(sight, '1.6.0') === 'RolledBack' && releaseOf(sight, '1.6.0'),
  )
  await stage.until('the bad version has left', (sight) => hasLeft(sight, spec.revision))

  const { lost, mesh, versions, trouble } = await load.stop()
  await setEndpointDelay(stage.kube, 100)
  expect({ lost, mesh, trouble }).toEqual({ lost: 0, mesh: 0, trouble: [] })
  expect(versions['1.4.0']?.failed).toBe(0)
  expect(versions['1.5.0']?.failed).toBe(0)
})

test('a canary that loses its only pod to a drained node retreats, and comes back with the node', async () => {
  const { access } = ground
  await using stage = await openStage({ access, name: 'drained' })
  await stage.install({
    version: '1.4.0',
    steps: [{ setWeight: 25 }, { approve: { name: 'go' } }],
    analysis: analysisOf(access.prometheus),
  })
  stage.load({ rps: 20 })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  const canary = stage.now().rollout?.status?.canary ?? ''

  await kubectl('drain', 'local', '--force', '--pod-selector', `${LABEL.revision}=${canary}`)
  await stage.until('nothing goes to the canary', ({ rollout }) => rollout?.status?.weight === 0)
  expect(stage.weights().at(-1)).not.toHaveProperty(canary)
  expect(stage.now().releases.at(-1)?.status?.outcome).toBeUndefined()
  await stage.until('the canary waits for a node', (sight) =>
    podsOf(sight, canary).some(({ status }) =>
      status?.conditions?.some(({ type, status: is }) => type === 'PodScheduled' && is === 'False'),
    ),
  )

  await kubectl('uncordon', 'local')
  await stage.until('the gate waits again', (sight) => phaseOf(sight) === 'AwaitingApproval')
  expect(stage.weights().at(-1)).toMatchObject({ [canary]: 25 })
  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
})

test('a rollback that the API server refuses is tried until it goes through', async () => {
  const { access } = ground
  await using stage = await openStage({ access, name: 'refused' })
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 40 }, { approve: { name: 'go' } }] })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  const canary = stage.now().rollout?.status?.canary ?? ''

  const refusal = await refuseWrites(ground, { resource: VIRTUAL_SERVICES, namespace: stage.namespace, name: ROUTES })
  await stage.say('abort')
  const { rollout } = await stage.until(
    'it says that it is blocked',
    (sight) => phaseOf(sight) === 'RollbackBlocked' && sight,
  )
  expect(rollout?.status?.message).toContain(refusal.words)
  expect(stage.weights().at(-1)).toMatchObject({ [canary]: 40 })

  await refusal.end()
  await stage.until('it is aborted', (sight) => outcomeOf(sight, '1.5.0') === 'Aborted')
  expect(stage.weights().at(-1)).toEqual({ apex: 100 })
})

const ROUTER_THAT_SETTLES = {
  istio: {
    virtualServices: [{ name: ROUTES, routes: ['primary'] }],
    trafficPolicy: { tls: { mode: 'DISABLE' } },
  },
  settle: '1500ms',
}

async function kubectl(...args: string[]): Promise<string> {
  const { access } = ground
  const { stdout } = await promisify(execFile)(access.kubectl, ['--kubeconfig', access.kubeconfig, ...args])
  return stdout
}
