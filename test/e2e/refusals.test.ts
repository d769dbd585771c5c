import { ApplicationFailure } from '@temporalio/activity'
import { expect, inject, test } from 'vitest'
import { SERVICES } from '../../crds/resources.ts'
import { CANARY, STABLE, type World } from '../fakes/activities.ts'
import { rehearse } from '../rehearsals/play.ts'
import { ROLLOUT } from '../stage/shop.ts'
import { outcomeOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

/** What the API server will not take, and what is somebody else's: the engine says so and touches nothing. */

const access = inject('access')
const rehearsal = rehearse()

const STEPS = [{ setWeight: 40 }]
const PLAN = { steps: [{ kind: 'setWeight', weight: 20 } as const] }
const FIXED = 'cccccccccc'
const MENDED = { revision: FIXED, rejected: false }
const WORDS = 'Deployment.apps "checkout-bbbbbbbbbb" is invalid: restartPolicy: Unsupported value: "Never"'

const refuse = (world: World): void => {
  world.whilePreparing = async (revision) => {
    if (revision === CANARY) throw ApplicationFailure.nonRetryable(WORDS, 'Refused')
  }
}
/** As with a server that does not answer: every attempt fails. */
const fail = (world: World): void => {
  world.whilePreparing = async (revision) => {
    if (revision === CANARY) throw new Error('the server does not answer')
  }
}
const templateWith = (volumeMounts: object[]) => ({
  metadata: { labels: { app: ROLLOUT } },
  spec: {
    terminationGracePeriodSeconds: 5,
    containers: [
      {
        name: ROLLOUT,
        image: 'shop.local/checkout:1.5.0',
        ports: [{ name: 'http', containerPort: 8080 }],
        readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
        volumeMounts,
      },
    ],
  },
})
/** There is no such volume. */
const BROKEN = templateWith([{ name: 'cache', mountPath: '/cache' }])
const MENDED_TEMPLATE = templateWith([])
const REFUSAL = /^Rolled back: Deployment\.apps .* is invalid: .*volumeMounts\[0\]\.name: Not found: "cache"/

const withoutStable = ({ picture }: World): void => {
  delete picture.stable
  picture.stableReady = 0
  picture.revisions = []
  picture.route.weights = {}
}
const endings = ({ told }: World) =>
  told.flatMap(({ canary, outcome, message }) => (outcome ? [{ canary, outcome, message }] : []))
const isPreparing = ({ told }: World): boolean => told.some(({ message }) => message.includes(CANARY))

test.concurrent('a revision that is refused ends its release with the words of whoever refused', async () => {
  const { world, handle } = await rehearsal.begin('refused', PLAN, { given: refuse })
  await handle.result()
  const message = `Rolled back: ${WORDS}`
  expect(world.told.at(-1)).toMatchObject({ outcome: 'RolledBack', message, event: { type: 'Warning', message } })
  expect(world.weights).toEqual([{ apex: 100 }])
  expect(world.removed).toEqual([CANARY])
  expect(world.apex).toEqual([STABLE])
})

test.concurrent('so does the first one of all, and a mended one is installed at once', async () => {
  const { world, handle } = await rehearsal.begin('refused-first', PLAN, {
    given(world) {
      refuse(world)
      withoutStable(world)
      world.whileTelling = async ({ outcome }) => {
        if (outcome === 'RolledBack') world.picture.declared = { ...world.picture.declared, ...MENDED }
      }
    },
  })
  await handle.result()
  expect(endings(world)).toEqual([
    { canary: CANARY, outcome: 'RolledBack', message: `Rolled back: ${WORDS}` },
    { canary: FIXED, outcome: 'Promoted', message: expect.stringContaining('without comparison') as string },
  ])
})

test.concurrent('abort is heard while a release is prepared', async () => {
  const { world, handle, say } = await rehearsal.begin('abort-early', PLAN, { given: fail })
  await world.until(() => isPreparing(world))
  await say('abort')
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Aborted', message: 'Release 2 aborted by ada' })
})

test.concurrent('abort is heard while the first revision is prepared', async () => {
  const given = (world: World): void => {
    fail(world)
    withoutStable(world)
  }
  const { world, handle, say } = await rehearsal.begin('abort-first', PLAN, { given })
  await world.until(() => isPreparing(world))
  await say('abort')
  await handle.result()
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Aborted', message: 'Release 2 aborted by ada' })
})

test.concurrent('a newer revision takes the place of one that is being prepared', async () => {
  const { world, handle, look } = await rehearsal.begin('newer-early', PLAN, { given: fail })
  await world.until(() => isPreparing(world))
  world.picture.declared = { ...world.picture.declared, ...MENDED }
  await look()
  await handle.result()
  expect(endings(world)).toMatchObject([
    { canary: CANARY, outcome: 'Superseded' },
    { canary: FIXED, outcome: 'Promoted' },
  ])
})

test.concurrent('promote waits until a release is prepared, and ends nothing', async () => {
  const { promise: prepared, resolve } = Promise.withResolvers<void>()
  const { world, handle, say } = await rehearsal.begin('promote-early', PLAN, {
    given: (world) => (world.whilePreparing = () => prepared),
  })
  await world.until(() => isPreparing(world))
  await say('promote')
  resolve()
  await handle.result()
  expect(world.weights).toEqual([{ [CANARY]: 100 }, { apex: 100 }])
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
})

test.concurrent(
  'a template that the API server refuses is rolled back with its words; the mended one follows',
  async () => {
    await using stage = await openStage({ access, name: 'refused' })
    const stable = await stage.install({ version: '1.4.0', steps: STEPS })
    const load = stage.load({ rps: 20 })
    await stage.push({ version: '1.5.0', spec: { template: BROKEN } })
    await stage.until('1.5.0 is rolled back', (sight) => outcomeOf(sight, '1.5.0') === 'RolledBack')
    const { rollout, releases } = await stage.until(
      'the Rollout says why',
      (sight) => REFUSAL.test(sight.rollout?.status?.message ?? '') && sight,
    )
    expect(rollout?.status).toMatchObject({ stable, lastRelease: { number: 2, outcome: 'RolledBack' } })
    const message = expect.stringMatching(REFUSAL) as string
    expect(releases[1]?.status).toMatchObject({ message, timeline: [{ event: 'RolledBack', message }] })

    await stage.push({ version: '1.5.0', spec: { template: MENDED_TEMPLATE } })
    await stage.until('the mended one is promoted', ({ releases }) => releases[2]?.status?.outcome === 'Promoted')
    expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
  },
)

test.concurrent('so is the first template of all, and the mended one is installed', async () => {
  await using stage = await openStage({ access, name: 'refused-first' })
  const installed = stage.install({ version: '1.5.0', steps: STEPS, spec: { template: BROKEN } })
  await stage.until(
    'it is rolled back, and the Rollout says why',
    ({ rollout, releases }) =>
      releases[0]?.status?.outcome === 'RolledBack' && REFUSAL.test(rollout?.status?.message ?? ''),
  )
  await stage.push({ version: '1.5.0', spec: { template: MENDED_TEMPLATE } })
  await installed
  expect(stage.now().releases.map(({ status }) => status?.outcome)).toEqual(['RolledBack', 'Promoted'])
})

test.concurrent('a Service of somebody else is left as it is, until it is given to the Rollout', async () => {
  await using stage = await openStage({ access, name: 'foreign-service' })
  const { kube, namespace } = stage
  const spec = { selector: { app: 'till' }, ports: [{ name: 'web', port: 8080, protocol: 'TCP', targetPort: 8080 }] }
  const metadata = { name: ROLLOUT, namespace }
  await kube.create(SERVICES, { apiVersion: 'v1', kind: 'Service', metadata, spec }, { fieldManager: 'helm' })
  const ref = { resource: SERVICES, namespace, name: ROLLOUT }
  const installed = stage.install({ version: '1.4.0', steps: STEPS })
  const stalled = await stage.until('the Rollout says whose it is', ({ rollout }) =>
    rollout?.status?.conditions?.find(({ type, reason }) => type === 'Stalled' && reason === 'InvalidSpec'),
  )
  expect(stalled.message).toContain(
    `spec.service.name: Service ${ROLLOUT} exists and was made by somebody else (field manager helm)`,
  )
  expect(await kube.get(ref)).toMatchObject({ spec })
  expect(stage.now().releases).toEqual([])
  expect(stage.now().deployments).toEqual([])

  await kube.mergePatch(ref, { metadata: { labels: { 'sluice.dev/rollout': ROLLOUT } } }, { fieldManager: 'ada' })
  const stable = await installed
  expect(await kube.get(ref)).toMatchObject({ spec: { selector: { 'sluice.dev/revision': stable } } })
})
