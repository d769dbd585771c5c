import { formatDuration } from '../crds/duration.ts'
import { jobObject } from '../crds/names.ts'
import { JOBS, PODS } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { describeError, endOfLog, reflect, type Kube, type Log } from '../kube/index.ts'
import { namespaceOf } from './identity.ts'
import { endOf } from './jobs.ts'
import type { ContainerState, ContainerStatus, Job, Pod } from './objects.ts'
import { lastWords, problemOf } from './pod.ts'
import type { JobEnd, JobOrder } from './workload.ts'

export type JobFollowing = { kube: Kube; log: Log; rollout: Rollout; order: JobOrder; signal: AbortSignal }

const TAIL = { lines: 20, bytes: 4_096 }

/** One watch, closed when the Job has ended or its time is over, or `signal` aborts. */
export async function followJob(following: JobFollowing): Promise<JobEnd> {
  const { kube, rollout, order } = following
  const name = jobObject(rollout.metadata.name, order.release.spec.number, order.stepIndex)
  const job = await lastState({ ...following, name })
  if (!job) return { passed: false, sentence: `Job ${name} was deleted while it ran` }
  const pod = await podOf(kube, job)
  const tail = pod && (await tailOf(kube, pod, order))
  return { ...verdict(job, pod && withoutWords(pod), order), ...(tail ? { tail } : {}) }
}

/** As it is when it has ended, or its time is over; undefined where there is none. */
async function lastState(following: JobFollowing & { name: string }): Promise<Job | undefined> {
  const { kube, log, rollout, order, signal, name } = following
  const { promise, resolve } = Promise.withResolvers<Job | undefined>()
  let timer: NodeJS.Timeout | undefined
  let synced = false
  const look = (): void => {
    const job = watch.items()[0]
    if (!synced) return
    if (!job || endOf(job)) return resolve(job)
    timer ??= setTimeout(() => resolve(watch.items()[0]), leftMs(job, order))
  }
  const namespace = namespaceOf(rollout)
  const fieldSelector = `metadata.name=${name}`
  const watch = reflect<Job>({ kube, log, namespace, resource: JOBS, fieldSelector, onChange: look })
  const aborted = (): void => resolve(undefined)
  signal.addEventListener('abort', aborted, { once: true })
  try {
    if (signal.aborted) return undefined
    await Promise.race([watch.synced, promise])
    synced = true
    look()
    return await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', aborted)
    await watch.stop()
  }
}

/** Longer timers than Node has would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The API server cuts times down to seconds: a Job began up to one later, and nobody gets less than was declared. */
function leftMs({ metadata, status }: Job, { run }: JobOrder): number {
  const began = Date.parse(status?.startTime ?? metadata.creationTimestamp ?? '') + 999
  return Math.min(LONGEST_TIMER_MS, Math.max(0, began + run.timeoutMs - Date.now()))
}

function verdict(job: Job, pod: Pod | undefined, { run }: JobOrder): JobEnd {
  const { name } = job.metadata
  const end = endOf(job)
  if (end?.type === 'Complete') return { passed: true, sentence: `Job ${name} passed` }
  const failed = (how: string): JobEnd => ({ passed: false, sentence: `Job ${name} ${how}` })
  const late = `was not done within ${formatDuration(run.timeoutMs)}`
  if (!end) return failed(`${late}${obstacle(pod)}`)
  if (end.reason === 'DeadlineExceeded') return failed(late)
  const culprit = pod && failureIn(pod)
  if (culprit) return failed(`failed: container ${culprit.name} ended with ${lastWords(culprit.state?.terminated)}`)
  return failed(`failed: ${[end.reason, end.message].filter(Boolean).join(': ')}`)
}

/** What runs has nothing in its way but time. */
function obstacle(pod: Pod | undefined): string {
  if (!pod) return ': it has no pod'
  const runs = containersOf(pod).some(({ state }) => state?.running)
  return runs ? '' : `: ${problemOf(pod).sentence}`
}

/** Of several, as after an eviction, the last one. */
async function podOf(kube: Kube, { metadata: { namespace = '', uid = '' } }: Job): Promise<Pod | undefined> {
  const labelSelector = `batch.kubernetes.io/controller-uid=${uid}`
  const { items } = await kube.list<Pod>(PODS, { namespace, labelSelector })
  const age = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp ?? '')
  return items.sort((a, b) => age(a) - age(b)).at(-1)
}

/** Of the container that failed, else of the first one. An unreadable log is no verdict, and is said in its place. */
async function tailOf(kube: Kube, pod: Pod, { run }: JobOrder): Promise<string | undefined> {
  const [first] = (run.template as { spec: { containers: { name: string }[] } }).spec.containers
  const container = failureIn(pod)?.name ?? first?.name
  const began = containersOf(pod).some(({ name, state }) => name === container && (state?.running ?? state?.terminated))
  if (container === undefined || !began) return undefined
  try {
    const { namespace = '', name } = pod.metadata
    const log = await kube.logTail({ namespace, name }, { container, ...TAIL })
    const word = failureIn(pod)?.state?.terminated?.message ?? ''
    return log.includes(word.trim()) ? log : endOfLog(`${log}\n${word}`, TAIL)
  } catch (error) {
    return `(the log of container ${container} cannot be read: ${describeError(error)})`
  }
}

/** A termination message is the container's own, and may hold what a log may hold. */
function withoutWords({ status = {}, ...pod }: Pod): Pod {
  const silent = (state: ContainerState = {}): ContainerState => {
    const { message: _, ...terminated } = state.terminated ?? {}
    return { ...state, ...(state.terminated ? { terminated } : {}) }
  }
  const all = (statuses: ContainerStatus[] = []): ContainerStatus[] =>
    statuses.map((one) => ({ ...one, state: silent(one.state), lastState: silent(one.lastState) }))
  const initContainerStatuses = all(status.initContainerStatuses)
  return { ...pod, status: { ...status, initContainerStatuses, containerStatuses: all(status.containerStatuses) } }
}

const containersOf = ({ status }: Pod): ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
]

const failureIn = (pod: Pod): ContainerStatus | undefined =>
  containersOf(pod).find(({ state }) => state?.terminated && state.terminated.exitCode !== 0)
