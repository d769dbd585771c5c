import { expect, inject, test } from 'vitest'
import { BUDGETS, budget, type Budget } from '../stage/budget.ts'
import { ROLLOUT } from '../stage/shop.ts'
import { hasLeft, outcomeOf, phaseOf, podsOf, releaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'
import { eventually } from '../patience.ts'

const access = inject('access')
const PATIENCE_MS = 100_000
const STEPS = [{ setWeight: 50 }, { approve: { name: 'go' } }]

test.concurrent.for([
  ['too-large', { resources: { requests: { cpu: '100' } } }, {}, 'Insufficient cpu'],
  ['nowhere', {}, { nodeSelector: { disk: 'ssd' } }, "node(s) didn't match Pod's node affinity/selector"],
] as const)(
  'a canary for which there is no place waits, says why, and leaves: %s',
  async ([name, container, pod, why]) => {
    await using stage = await openStage({ access, name, retries: 0 })
    const stable = await stage.install({ version: '1.4.0', steps: STEPS })
    const load = stage.load({ rps: 30 })
    await stage.push({
      version: '1.5.0',
      spec: { ...templateOf('1.5.0', { container, pod }), progressDeadline: '12s' },
    })
    const words = `cannot be scheduled (Unschedulable): 0/1 nodes are available: 1 ${why}.`
    await stage.until('it says so', ({ rollout }) => rollout?.status?.message?.includes(words))
    expect(stage.now().rollout?.status).toMatchObject({ stable, weight: 0 })
    await stage.until('it is rolled back', (sight) => outcomeOf(sight, '1.5.0') === 'RolledBack')
    expect(releaseOf(stage.now(), '1.5.0')?.status?.message).toContain(words)
    const canary = releaseOf(stage.now(), '1.5.0')?.spec.revision ?? ''
    await stage.until('it has left', (sight) => hasLeft(sight, canary))
    expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
  },
)

test.concurrent('progressDeadline names the container that fails, and the last that it said', async () => {
  await using stage = await openStage({ access, name: 'failing' })
  await stage.install({ version: '1.4.0', steps: STEPS })
  await stage.push({ version: 'crash', spec: { progressDeadline: '8s' } })
  const release = await stage.until(
    'it is rolled back',
    (sight) => outcomeOf(sight, 'crash') === 'RolledBack' && releaseOf(sight, 'crash'),
  )
  expect(release.status?.message).toMatch(/container checkout of pod checkout-\S+ /)
  expect(release.status?.message).toContain('cannot read the price list: no such table')
})

test.concurrent('a budget of disruptions counts the pods of both revisions', async () => {
  await using stage = await openStage({ access, name: 'budgets' })
  const stable = await stage.install({ version: '1.4.0', steps: STEPS })
  await stage.kube.create(BUDGETS, budget(stage.namespace, '50%'))
  await counts(stage, { healthy: 2, wanted: 1 })

  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await counts(stage, { healthy: 3, wanted: 2 })

  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  await stage.until('the old version has left', (sight) => hasLeft(sight, stable))
  await counts(stage, { healthy: 2, wanted: 1 })
  expect(outcomeOf(stage.now(), '1.5.0')).toBe('Promoted')
})

const OF_THE_APP = { labelSelector: { matchLabels: { app: ROLLOUT } }, topologyKey: 'kubernetes.io/hostname' }
const OWN = { ...OF_THE_APP, matchLabelKeys: ['pod-template-hash'] }
const apart = (term: object): object => ({
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
})

test.concurrent(
  'pods that must not meet any pod of the app do not meet those of the other revision either',
  async () => {
    await using stage = await openStage({ access, name: 'apart' })
    const affinity = apart(OF_THE_APP)
    const stable = await stage.install({
      version: '1.4.0',
      steps: STEPS,
      replicas: 1,
      spec: { ...templateOf('1.4.0', { pod: { affinity } }), progressDeadline: '12s' },
    })
    await stage.push({
      version: '1.5.0',
      spec: { ...templateOf('1.5.0', { pod: { affinity } }), progressDeadline: '12s' },
    })
    await stage.until('it is rolled back', (sight) => outcomeOf(sight, '1.5.0') === 'RolledBack')
    expect(releaseOf(stage.now(), '1.5.0')?.status?.message).toContain("1 node(s) didn't match pod anti-affinity rules")
    expect(podsOf(stage.now(), stable)).toHaveLength(1)
  },
)

test.concurrent(
  'constraints reach the pods as they were declared, and one among equals is one within a revision',
  async () => {
    await using stage = await openStage({ access, name: 'among-equals' })
    const topologySpreadConstraints = [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { app: ROLLOUT } },
        matchLabelKeys: ['pod-template-hash'],
      },
    ]
    const pod = { affinity: apart(OWN), topologySpreadConstraints }
    const declared = (version: string) => ({
      version,
      steps: STEPS,
      replicas: 1,
      spec: templateOf(version, { pod }),
    })
    await stage.install(declared('1.4.0'))
    await stage.push(declared('1.5.0'))
    await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
    const canary = stage.now().rollout?.status?.canary ?? ''
    const revision = stage.now().deployments.find(({ metadata }) => metadata.name === `${ROLLOUT}-${canary}`)
    expect(revision?.spec).toMatchObject({ template: { spec: pod } })
    expect(podsOf(stage.now(), canary)[0]?.spec).toMatchObject({
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: OWN.topologyKey, labelSelector: { matchLabels: { app: ROLLOUT } } },
          ],
        },
      },
    })
    expect(podsOf(stage.now(), canary)).toHaveLength(1)
  },
)

type Parts = { container?: object; pod?: object }

/** The template of a shop with something more in its container or its pod. */
const templateOf = (version: string, { container = {}, pod = {} }: Parts) => ({
  template: {
    metadata: { labels: { app: ROLLOUT } },
    spec: {
      ...pod,
      terminationGracePeriodSeconds: 5,
      containers: [
        {
          name: ROLLOUT,
          image: `shop.local/checkout:${version}`,
          ports: [{ name: 'http', containerPort: 8080 }],
          readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
          ...container,
        },
      ],
    },
  },
})

const counts = ({ kube, namespace }: Stage, { healthy, wanted }: { healthy: number; wanted: number }): Promise<void> =>
  eventually(async () => {
    const found = await kube.get<Budget>({ resource: BUDGETS, namespace, name: ROLLOUT })
    expect(found?.status).toMatchObject({ currentHealthy: healthy, desiredHealthy: wanted })
  }, PATIENCE_MS)
