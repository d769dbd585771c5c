import type { Condition, ContainerStatus, Pod, PodStatus } from './pod.ts'
import { now } from './process.ts'

/** A bound pod's status from what its containers are. Conditions that stay as they are keep their time. */
export function statusOf({ spec, status: before }: Pod, containers: ContainerStatus[]): PodStatus {
  const unready = containers.filter((one) => !one.ready).map((one) => one.name)
  const ready: Omit<Condition, 'type'> =
    unready.length === 0
      ? { status: 'True' }
      : {
          status: 'False',
          reason: 'ContainersNotReady',
          message: `containers with unready status: [${unready.join(' ')}]`,
        }
  const phase = phaseOf(spec.restartPolicy ?? 'Always', containers)
  const conditions: Condition[] = [
    { type: 'PodScheduled', status: 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'ContainersReady', ...ready },
    { type: 'Ready', ...ready },
  ]
  return {
    phase,
    startTime: before?.startTime ?? now(),
    conditions: timed(conditions, before),
    containerStatuses: containers,
  }
}

/** The status of a pod for which there is no place. */
export function unschedulable(before: PodStatus | undefined): PodStatus {
  const message = '0/1 nodes are available: 1 node(s) were unschedulable.'
  const conditions: Condition[] = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }]
  return { phase: 'Pending', conditions: timed(conditions, before) }
}

/** An end is final only when nothing will be started again: a pod that has `Failed` is replaced. */
function phaseOf(policy: Pod['spec']['restartPolicy'], containers: ContainerStatus[]): NonNullable<PodStatus['phase']> {
  const codes = containers.map(({ state }) => ('terminated' in state ? state.terminated.exitCode : undefined))
  if (policy !== 'Always' && codes.every((code) => code === 0)) return 'Succeeded'
  if (policy === 'Never' && codes.every((code) => code !== undefined)) return 'Failed'
  const begun = ({ state, lastState }: ContainerStatus) => !('waiting' in state) || lastState.terminated !== undefined
  return containers.every(begun) ? 'Running' : 'Pending'
}

function timed(conditions: Condition[], before: PodStatus | undefined): Condition[] {
  return conditions.map((condition) => {
    const old = before?.conditions?.find(({ type }) => type === condition.type)
    const since = old?.status === condition.status ? old.lastTransitionTime : undefined
    return { ...condition, lastTransitionTime: since ?? now() }
  })
}
