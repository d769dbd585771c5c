import { MockActivityEnvironment } from '@temporalio/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Deps } from '../../activities/deps.ts'
import type { HookInput } from '../../activities/hook.ts'
import { job, stopJob, type JobOutcome } from '../../activities/job.ts'
import { report, type Progress } from '../../activities/report.ts'
import type { Reason } from '../../crds/notices.ts'
import { JOBS, PODS, RELEASES, ROLLOUTS, SERVICES } from '../../crds/resources.ts'
import type { Release } from '../../crds/schema/release.ts'
import { createKube, type KubeObject } from '../../kube/index.ts'
import { createWorkload } from '../../workload/index.ts'
import { placeOf, startApiServer } from '../fakes/api-server.ts'
import { validManifest } from '../fixtures/manifests.ts'

const REF = { namespace: 'shop', name: 'checkout' }
const INPUT: HookInput = { ref: REF, release: 2, stepIndex: 0, round: 1, stable: 'aaa' }
const NAME = 'checkout-2-1'
const WHERE = { step: '1/1', stepIndex: 0, weight: 0, epoch: 1, generation: 1, at: 0 }
const PROGRESS: Omit<Progress, 'message'> = { ref: REF, number: 2, phase: 'Progressing', canary: 'bbb', ...WHERE }
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

type Template = { metadata?: object; spec: { containers: object[] } & Record<string, unknown> }
type Loose = KubeObject & { spec: { template: Template } & Record<string, unknown> }

const SMOKE: Template = { spec: { containers: [{ name: 'smoke', image: 'shop.local/smoke:1' }] } }

/** Release 2 runs this Job in its first step; the test is the Job's controller and the kubelet of its pod. */
async function stage({ template = SMOKE, timeoutMs = 60_000 }: { template?: Template; timeoutMs?: number } = {}) {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const apiVersion = 'sluice.dev/v1alpha1'
  server.put(ROLLOUTS, { apiVersion, kind: 'Rollout', metadata: { ...REF }, spec: validManifest().spec })
  server.put(RELEASES, {
    apiVersion,
    kind: 'Release',
    metadata: { name: 'checkout-2', namespace: 'shop' },
    spec: { number: 2, revision: 'bbb', plan: { steps: [{ kind: 'job', template, timeoutMs }] } },
  })
  const kube = createKube({ kubeconfig: server.kubeconfig })
  const deps = { kube, workload: createWorkload({ kube, log: silent }), now: Date.now } as Partial<Deps> as Deps
  const read = (): Loose | undefined =>
    server.store.list(placeOf(JOBS, 'shop')).find(({ metadata }) => metadata.name === NAME) as Loose | undefined
  const run = (environment = new MockActivityEnvironment(), input = INPUT) =>
    environment.run<[Deps, HookInput], JobOutcome, typeof job>(job, deps, input)
  return {
    server,
    deps,
    run,
    read,
    began: (uid?: string) => vi.waitUntil(() => read()?.metadata.uid !== uid && read()!),
    pod: (containerStatuses: object[], log?: string): void => {
      const labels = { 'batch.kubernetes.io/controller-uid': read()?.metadata.uid ?? '' }
      const status = { phase: 'Running', containerStatuses }
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: `${NAME}-x`, namespace: 'shop', labels } }
      server.put(PODS, { ...pod, status })
      if (log !== undefined) server.logs.set(`${NAME}-x`, log)
    },
    end: (type: 'Complete' | 'Failed', more: object = {}): void => {
      const status = { conditions: [{ type, status: 'True', ...more }] }
      server.store.merge(placeOf(JOBS, 'shop'), NAME, { status }, 'status')
    },
    tell: (reason: Reason, message: string) =>
      report(deps, { ...PROGRESS, message, event: { type: 'Normal', reason, message } }),
    timeline: () => {
      const { status } = server.store.read(placeOf(RELEASES, 'shop'), 'checkout-2') as unknown as Release
      return status?.timeline ?? []
    },
    made: () => server.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/jobs')).length,
  }
}

const ended = (exitCode: number, name = 'smoke') => ({
  name,
  state: { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' } },
})
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`).join('\n')

describe('the Job of a step', () => {
  it('has one try, a limit, the Release as its owner, and tells its containers whom it is about', async () => {
    const containers = [
      { name: 'smoke', image: 'shop.local/smoke:1', env: [{ name: 'URL', value: 'http://$(SLUICE_SIDE_HOST)' }] },
      { name: 'own', image: 'shop.local/smoke:1', env: [{ name: 'SLUICE_REVISION', value: 'mine' }] },
    ]
    const { began, run, end } = await stage({
      template: { metadata: { labels: { app: 'smoke' } }, spec: { containers, initContainers: [{ name: 'init' }] } },
    })
    const running = run()
    const { metadata, spec } = await began()
    end('Complete')
    await running
    expect(metadata.ownerReferences).toMatchObject([{ kind: 'Release', name: 'checkout-2' }])
    expect(spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 90 })
    expect(spec.template.metadata).toEqual({ labels: { app: 'smoke' } })
    expect(spec.template.spec['restartPolicy']).toBe('Never')
    const told = [
      { name: 'SLUICE_ROLLOUT', value: 'checkout' },
      { name: 'SLUICE_NAMESPACE', value: 'shop' },
      { name: 'SLUICE_RELEASE', value: '2' },
      { name: 'SLUICE_REVISION', value: 'bbb' },
      { name: 'SLUICE_CANARY_HOST', value: 'checkout-bbb.shop.svc.cluster.local' },
      { name: 'SLUICE_STABLE_HOST', value: 'checkout-aaa.shop.svc.cluster.local' },
      { name: 'SLUICE_SIDE_HOST', value: 'checkout-bbb-x.shop.svc.cluster.local' },
    ]
    const [smoke, own] = spec.template.spec.containers as { env: object[] }[]
    expect(smoke?.env).toEqual([...told, { name: 'URL', value: 'http://$(SLUICE_SIDE_HOST)' }])
    expect(own?.env).toContainEqual({ name: 'SLUICE_REVISION', value: 'mine' })
    expect(own?.env).not.toContainEqual({ name: 'SLUICE_REVISION', value: 'bbb' })
    expect(spec.template.spec['initContainers']).toEqual([{ name: 'init', env: told }])
  })

  it.each([
    [{ 'sluice.dev/rollout': 'checkout' }, 'its template has the label sluice.dev/rollout, by which pods of revisions'],
    [{ app: 'checkout', tier: 'x' }, 'its template has app=checkout, by which Service checkout would send it requests'],
  ])('is not run where its pods would get requests: %o', async (labels, sentence) => {
    const { run, server, made } = await stage({ template: { ...SMOKE, metadata: { labels } } })
    const metadata = { name: 'checkout', namespace: 'shop' }
    server.put(SERVICES, { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { app: 'checkout' } } })
    const result = await run()
    expect(result).toMatchObject({ passed: false, sentence: expect.stringContaining(sentence) as string })
    expect(made()).toBe(0)
  })

  it('that the API server refuses ends the release in its words', async () => {
    const { run, server } = await stage()
    const message = 'Job.batch "checkout-2-1" is invalid: spec.template.spec.containers[0].image: Required value'
    server.interfere(({ method, path }) =>
      method === 'POST' && path.endsWith('/jobs') ? { code: 422, reason: 'Invalid', message } : undefined,
    )
    await expect(run()).rejects.toMatchObject({ type: 'Refused', nonRetryable: true, message })
  })

  it('does not take the place of a Job of somebody else', async () => {
    const { run, server } = await stage()
    server.put(JOBS, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: NAME, namespace: 'shop' }, spec: {} })
    await expect(run()).rejects.toThrow('Job checkout-2-1 exists and is not of Rollout checkout; delete it')
  })
})

describe('the end of a Job', () => {
  it('is good when it completes, and brings the last 20 lines of its log', async () => {
    const { run, began, pod, end, timeline } = await stage()
    const running = run()
    await began()
    pod([ended(0)], `${lines(1, 30)}\n`)
    end('Complete')
    expect(await running).toEqual({ passed: true, sentence: 'Job checkout-2-1 passed' })
    const message = 'Release 2: Job checkout-2-1 passed'
    expect(timeline()).toMatchObject([{ event: 'JobPassed', message, detail: lines(11, 30) }])
  })

  it('is bad by the exit code of the container that failed, with the log of that one', async () => {
    const { run, began, pod, end, timeline } = await stage()
    const running = run()
    await began()
    pod([ended(0, 'proxy'), ended(3)], 'expected 200\n\u001B[31mgot 500\u001B[0m')
    end('Failed', { reason: 'BackoffLimitExceeded' })
    expect(await running).toEqual({
      passed: false,
      sentence: 'Job checkout-2-1 failed: container smoke ended with exit code 3 (Error)',
    })
    expect(timeline()).toMatchObject([{ event: 'JobFailed', detail: 'expected 200\ngot 500' }])
  })

  it('brings 4 KiB of a log at most, and no credentials', async () => {
    const { run, began, pod, end, timeline } = await stage()
    const running = run()
    await began()
    pod([ended(1)], `${'ü'.repeat(5_000)} Bearer abcdefgh12345678`)
    end('Failed')
    await running
    const [{ detail: tail = '' } = {}] = timeline()
    expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(4_096)
    expect(Buffer.byteLength(tail)).toBeGreaterThan(4_090)
    expect(tail).toMatch(/^ü+ Bearer \*\*\*$/)
  })

  it('keeps from histories whatever a container wrote, and puts its last words behind the log', async () => {
    const { run, began, pod, end, timeline } = await stage()
    const running = run()
    await began()
    const terminated = { exitCode: 3, reason: 'Error', message: 'the password is hunter2' }
    pod([{ name: 'smoke', state: { terminated }, lastState: { terminated } }], 'trying')
    end('Failed')
    expect(JSON.stringify(await running)).not.toContain('hunter2')
    expect(timeline()).toMatchObject([{ detail: 'trying\nthe password is hunter2' }])
  })

  it('is told once, whoever tells it and however often', async () => {
    const { run, began, pod, end, timeline, tell } = await stage()
    const running = run()
    await began()
    pod([ended(0)], 'all is well')
    end('Complete')
    const { sentence } = await running
    await run()
    await tell('JobPassed', `Release 2: ${sentence}`)
    expect(timeline()).toMatchObject([{ event: 'JobPassed', detail: 'all is well' }])
    await tell('WeightSet', 'Weight 20 %')
    await tell('JobPassed', `Release 2: ${sentence}`)
    expect(timeline().map(({ event }) => event)).toEqual(['JobPassed', 'WeightSet', 'JobPassed'])
  })

  it('says in place of the log why it cannot be read', async () => {
    const { run, began, pod, end, timeline } = await stage()
    const running = run()
    await began()
    pod([ended(1)])
    end('Failed')
    await running
    expect(timeline()[0]?.detail).toMatch(/^\(the log of container smoke cannot be read: container in pod/)
  })

  it('comes with its time, and names what kept the pod from running', async () => {
    const { run, began, pod } = await stage({ timeoutMs: 1_000 })
    const running = run()
    await began()
    pod([{ name: 'smoke', image: 'no/such', state: { waiting: { reason: 'ImagePullBackOff' } } }])
    expect(await running).toEqual({
      passed: false,
      sentence:
        'Job checkout-2-1 was not done within 1s: container smoke of pod checkout-2-1-x cannot pull its image no/such (ImagePullBackOff)',
    })
  })

  it('is bad when somebody deletes it', async () => {
    const { run, began, server } = await stage()
    const running = run()
    await began()
    server.store.remove(placeOf(JOBS, 'shop'), NAME)
    expect(await running).toEqual({ passed: false, sentence: 'Job checkout-2-1 was deleted while it ran' })
  })
})

describe('an attempt that takes over', () => {
  it('finds the Job of the one before and does not run it again', async () => {
    const { run, began, end, made } = await stage()
    const first = new MockActivityEnvironment()
    const dying = run(first)
    await began()
    first.cancel()
    await expect(dying).rejects.toMatchObject({ name: 'CancelledFailure' })
    const second = run()
    end('Complete')
    expect(await second).toMatchObject({ passed: true })
    expect(made()).toBe(1)
  })

  it('does not run again what was deleted meanwhile', async () => {
    const { run, made } = await stage()
    const heartbeatDetails = 'begun'
    expect(await run(new MockActivityEnvironment({ heartbeatDetails }))).toMatchObject({ passed: false })
    expect(made()).toBe(0)
  })

  it('runs it anew when the step is begun again, or when an earlier release had the number', async () => {
    const { run, began, end, server } = await stage()
    const first = run()
    const { metadata } = await began()
    end('Failed')
    await first
    const again = run(new MockActivityEnvironment(), { ...INPUT, round: 2 })
    const { metadata: second } = await began(metadata.uid)
    end('Complete')
    expect(await again).toMatchObject({ passed: true })
    const owner = { apiVersion: 'sluice.dev/v1alpha1', kind: 'Release', name: 'checkout-2', uid: 'of-before' }
    server.store.merge(placeOf(JOBS, 'shop'), NAME, { metadata: { ownerReferences: [owner] } })
    const later = run()
    await began(second.uid)
    end('Complete')
    expect(await later).toMatchObject({ passed: true })
  })
})

describe('breaking off', () => {
  it('deletes a Job that runs, and nothing else', async () => {
    const { run, began, end, read, deps } = await stage()
    const which = { ref: REF, release: 2, stepIndex: 0, round: 1 }
    const running = run(new MockActivityEnvironment(), { ...INPUT, round: 2 })
    await began()
    await stopJob(deps, which)
    expect(read(), 'of a later round').toBeDefined()
    await stopJob(deps, { ...which, round: 2 })
    expect(read()).toBeUndefined()
    await running
    const again = run(new MockActivityEnvironment(), { ...INPUT, round: 3 })
    await began()
    end('Failed')
    await again
    await stopJob(deps, { ...which, round: 3 })
    expect(read(), 'what has ended is left to be looked at').toBeDefined()
  })
})
