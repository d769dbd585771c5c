import { onTestFinished, describe, expect, it } from 'vitest'
import { DEPLOYMENTS } from '../../crds/resources.ts'
import type { Readiness } from '../../workload/index.ts'
import { eventually } from '../patience.ts'
import { NEXT, REVISION, rollout, source, stage, type PodInput } from './stage.ts'

const waiting = (reason: string, message?: string) => ({
  state: { waiting: { reason, ...(message ? { message } : {}) } },
})
const ended = (finishedAt: string, exitCode = 1) => ({
  terminated: { exitCode, reason: 'Error', message: 'no config', finishedAt },
})

async function withPods(...pods: Partial<PodInput>[]) {
  const on = await stage()
  await on.workload.ensureRevision(rollout(), REVISION, source(), Math.max(1, pods.length))
  for (const [index, pod] of pods.entries()) on.pod({ name: `pod-${index}`, ...pod })
  return { ...on, readiness: () => on.workload.readiness(rollout(), REVISION) }
}

describe('readiness', () => {
  it('counts pods that are Ready, and has nothing to wait for when all are', async () => {
    const { readiness } = await withPods({ ready: true }, { ready: true })
    expect(await readiness()).toEqual({ desired: 2, ready: 2 })
  })

  it('does not count pods that are being deleted, nor those of another revision', async () => {
    const { readiness } = await withPods({ ready: true, deleting: true }, { ready: true, revision: NEXT })
    expect(await readiness()).toMatchObject({
      desired: 2,
      ready: 0,
      waitingFor: `Deployment checkout-${REVISION} has 0 of 2 pods`,
    })
  })

  const cases: [string, Partial<PodInput>, RegExp][] = [
    [
      'an unknown image',
      { container: { image: 'shop.local/checkout:9', ...waiting('ImagePullBackOff', 'not in the catalogue') } },
      /^container app of pod pod-0 cannot pull its image shop.local\/checkout:9 \(ImagePullBackOff\): not in the catalogue$/,
    ],
    [
      'a crash loop',
      { container: { restartCount: 3, ...waiting('CrashLoopBackOff'), lastState: ended('2026-05-01T10:00:00Z') } },
      /^container app of pod pod-0 crash-loops after 3 restarts: exit code 1 \(Error\): no config$/,
    ],
    [
      'a missing Secret',
      { container: waiting('CreateContainerConfigError', 'secret "till" not found') },
      /cannot start \(CreateContainerConfigError\): secret "till" not found$/,
    ],
    [
      'a node without room',
      {
        status: {
          phase: 'Pending',
          containerStatuses: [],
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' }],
        },
      },
      /^pod pod-0 cannot be scheduled \(Unschedulable\): 0\/1 nodes$/,
    ],
    ['a failing probe', {}, /^container app of pod pod-0 runs but is not Ready$/],
    [
      'a container between two crashes',
      { container: { restartCount: 2, lastState: ended('2026-05-01T10:00:00Z') } },
      /^container app of pod pod-0 runs but is not Ready after 2 restarts: exit code 1 \(Error\): no config$/,
    ],
    ['an init container', { initContainer: waiting('CrashLoopBackOff') }, /^container init of pod pod-0 crash-loops/],
    ['a start', { container: waiting('ContainerCreating') }, /is starting \(ContainerCreating\)$/],
    [
      'a fresh pod',
      { status: { phase: 'Pending', conditions: [], containerStatuses: [] } },
      /^pod pod-0 is not Ready: Pending$/,
    ],
  ]
  for (const [what, pod, sentence] of cases) {
    it(`names ${what} that stands in the way`, async () => {
      const { readiness } = await withPods(pod, { ready: true })
      expect((await readiness()).waitingFor).toMatch(sentence)
    })
  }

  it('names the worst of several pods', async () => {
    const { readiness } = await withPods(
      {},
      { container: waiting('ErrImagePull') },
      { container: waiting('ContainerCreating') },
    )
    expect((await readiness()).waitingFor).toMatch(/^container app of pod pod-1 cannot pull/)
  })

  it('says why no pod can be made at all', async () => {
    const { server, workload } = await stage()
    await workload.ensureRevision(rollout(), REVISION, source(), 1)
    const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' }]
    server.store.merge(
      { collection: 'apps/v1/deployments', namespace: 'shop' },
      `checkout-${REVISION}`,
      { status: { conditions } },
      'status',
    )
    expect((await workload.readiness(rollout(), REVISION)).waitingFor).toMatch(
      /cannot create pods \(FailedCreate\): exceeded quota/,
    )
  })

  it('says that the Deployment is gone', async () => {
    const { workload } = await stage()
    expect(await workload.readiness(rollout(), REVISION)).toEqual({
      desired: 0,
      ready: 0,
      waitingFor: 'its Deployment is gone',
    })
  })

  it('reports a crash loop, and not a stumble that is over', async () => {
    const looping = await withPods({ container: waiting('CrashLoopBackOff') })
    expect((await looping.readiness()).crash).toMatchObject({ pod: 'pod-0', container: 'app' })
    const recovered = await withPods({
      ready: true,
      container: { restartCount: 1, lastState: ended('2026-05-01T10:00:00Z') },
    })
    expect((await recovered.readiness()).crash).toBeUndefined()
  })

  it('takes neither an evicted pod nor one that is being deleted for a crash', async () => {
    const exit = { state: ended('2026-05-01T10:00:00Z', 137) }
    const { readiness } = await withPods(
      { container: exit, status: { phase: 'Failed', reason: 'Evicted' } },
      { container: exit, deleting: true },
    )
    expect((await readiness()).crash).toBeUndefined()
  })
})

async function followed(pods: Partial<PodInput>[], since?: number) {
  const on = await withPods(...pods)
  const seen: Readiness[] = []
  const stop = new AbortController()
  const target = {
    namespace: 'shop',
    rollout: 'checkout',
    revision: REVISION,
    ...(since === undefined ? {} : { since }),
  }
  const ended = on.workload.followPods(target, (readiness) => seen.push(readiness), stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await ended
  })
  await eventually(() => expect(on.server.watches()).toBe(2))
  return { ...on, seen, stop, ended, last: () => seen.at(-1) }
}

describe('following pods', () => {
  it('tells the first state and every other one, once each', async () => {
    const { pod, seen, server } = await followed([{}])
    expect(seen).toMatchObject([{ desired: 1, ready: 0 }])
    pod({ name: 'pod-0', ready: true })
    await eventually(() => expect(seen.at(-1)).toEqual({ desired: 1, ready: 1 }))
    server.put(DEPLOYMENTS, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: `checkout-${REVISION}`, namespace: 'shop' },
      spec: { replicas: 2 },
    })
    await eventually(() => expect(seen.at(-1)).toMatchObject({ desired: 2, ready: 1 }))
    expect(seen).toHaveLength(3)
  })

  it('takes a process that ends while it is watched for a crash, even if it is Ready again at once', async () => {
    const { pod, last } = await followed([{ ready: true }])
    pod({ name: 'pod-0', ready: true, container: { restartCount: 1, lastState: ended('2026-05-01T10:00:00Z') } })
    await eventually(() => expect(last()?.crash?.message).toMatch(/ended by itself: exit code 1 \(Error\): no config$/))
  })

  it('does not take a stumble before it began for a crash, unless it is asked to look so far back', async () => {
    const stumbled = { ready: true, container: { restartCount: 1, lastState: ended('2026-05-01T10:00:00Z') } }
    const at = Date.parse('2026-05-01T10:00:00Z') / 1_000
    expect((await followed([stumbled])).last()?.crash).toBeUndefined()
    expect((await followed([stumbled], at + 1)).last()?.crash).toBeUndefined()
    expect((await followed([stumbled], at + 0.4)).last()?.crash).toBeDefined()
  })

  it('ends both watches when it is told to', async () => {
    const { server, stop, ended } = await followed([{}])
    stop.abort()
    await ended
    await eventually(() => expect(server.watches()).toBe(0))
  })
})
