import type { Condition, ContainerStatus, Pod, PodStatus, RestartPolicy } from './pod.ts'
import { now } from './process.ts'
import type { Statuses } from './run.ts'

/** A bound pod's status from what its containers are. Conditions that stay as they are keep their time. */
export function statusOf(pod: Pod, { init, main }: Statuses): PodStatus {
  const { spec, status: before } = pod
  const isSidecar = (name: string): boolean =>
    spec.initContainers?.find((one) => one.name === name)?.restartPolicy === 'Always'
  const sidecars = init.filter(({ name }) => isSidecar(name))
  const incomplete = init.filter((one) => (isSidecar(one.name) ? !one.started : exitCodeOf(one) !== 0))
  const phase = phaseOf(spec.restartPolicy ?? 'Always', { init, sidecars, main })
  const over = phase === 'Succeeded' || phase === 'Failed'
  const conditions: Condition[] = [
    { type: 'PodScheduled', status: 'True' },
    initialized(over ? [] : incomplete),
    ...readiness(phase, [...sidecars, ...main]),
  ]
  return {
    phase,
    startTime: before?.startTime ?? now(),
    conditions: timed(conditions, before),
    ...(init.length > 0
      ? { initContainerStatuses: init.map((one) => ({ ...one, ready: isDone(one) || one.ready })) }
      : {}),
    containerStatuses: incomplete.length > 0 && !over ? main.map(waitingForInit) : main,
  }
}

/** Nothing of it will be started again. */
export const isOver = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

/** The status of a pod for which there is no place. */
export function unschedulable(before: PodStatus | undefined, message: string): PodStatus {
  const conditions: Condition[] = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }]
  return { phase: 'Pending', conditions: timed(conditions, before) }
}

const exitCodeOf = ({ state }: ContainerStatus): number | undefined =>
  'terminated' in state ? state.terminated.exitCode : undefined
const isDone = (one: ContainerStatus): boolean => exitCodeOf(one) === 0
const names = (containers: ContainerStatus[]): string => containers.map(({ name }) => name).join(' ')

function waitingForInit(container: ContainerStatus): ContainerStatus {
  return 'waiting' in container.state ? { ...container, state: { waiting: { reason: 'PodInitializing' } } } : container
}

function initialized(incomplete: ContainerStatus[]): Condition {
  if (incomplete.length === 0) return { type: 'Initialized', status: 'True' }
  const message = `containers with incomplete status: [${names(incomplete)}]`
  return { type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized', message }
}

function readiness(phase: PodStatus['phase'], containers: ContainerStatus[]): Condition[] {
  const unready = containers.filter((one) => !one.ready)
  const message = `containers with unready status: [${names(unready)}]`
  const why = (): Omit<Condition, 'type'> => {
    if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' }
    if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' }
    return unready.length === 0 ? { status: 'True' } : { status: 'False', reason: 'ContainersNotReady', message }
  }
  return [
    { type: 'ContainersReady', ...why() },
    { type: 'Ready', ...why() },
  ]
}

type All = Statuses & { sidecars: ContainerStatus[] }

/** An end is final only when nothing will be started again: a pod that has `Failed` is replaced. */
function phaseOf(policy: RestartPolicy, { init, sidecars, main }: All): NonNullable<PodStatus['phase']> {
  const codes = main.map(exitCodeOf)
  const gone = sidecars.every((one) => exitCodeOf(one) !== undefined)
  const broken = init.some((one) => !sidecars.includes(one) && (exitCodeOf(one) ?? 0) !== 0)
  if (policy === 'Never' && broken) return 'Failed'
  if (policy !== 'Always' && gone && codes.every((code) => code === 0)) return 'Succeeded'
  if (policy === 'Never' && gone && codes.every((code) => code !== undefined)) return 'Failed'
  const begun = ({ state, lastState }: ContainerStatus) => !('waiting' in state) || lastState.terminated !== undefined
  return main.every(begun) ? 'Running' : 'Pending'
}

function timed(conditions: Condition[], before: PodStatus | undefined): Condition[] {
  return conditions.map((condition) => {
    const old = before?.conditions?.find(({ type }) => type === condition.type)
    const since = old?.status === condition.status ? old.lastTransitionTime : undefined
    return { ...condition, lastTransitionTime: since ?? now() }
  })
}
