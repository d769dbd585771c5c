import { LABEL } from '../../crds/names.ts'
import type { ContainerStatus, Pod } from '../sight.ts'
import type { PodView } from '../views.ts'

/** Those of the named revisions, by revision in this order and then by name. */
export function podViews(pods: Pod[], revisions: (string | undefined)[]): PodView[] {
  return revisions.flatMap((revision) =>
    pods
      .filter(({ metadata }) => revision !== undefined && metadata.labels?.[LABEL.revision] === revision)
      .map(podView)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  )
}

function podView({ metadata, status = {} }: Pod): PodView {
  const containers = status.containerStatuses ?? []
  const message = messageOf(status)
  return {
    name: metadata.name,
    revision: metadata.labels?.[LABEL.revision] ?? '',
    ready: status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True',
    restarts: containers.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0),
    phase: metadata.deletionTimestamp === undefined ? (status.phase ?? 'Pending') : 'Terminating',
    ...(message === undefined ? {} : { message }),
    since: metadata.creationTimestamp ?? new Date(0).toISOString(),
  }
}

/** Why it does not run: what its containers wait for or ended with, or why it has no place. */
function messageOf(status: NonNullable<Pod['status']>): string | undefined {
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  const unscheduled = status.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  const said = [...containers.map(troubleOf), sentence(unscheduled?.reason, unscheduled?.message)]
  return said.find((words) => words !== undefined) ?? sentence(status.reason, status.message)
}

function troubleOf({ name, state = {} }: ContainerStatus): string | undefined {
  const { waiting, terminated } = state
  if (waiting?.reason && !USUAL.has(waiting.reason)) return `${name}: ${sentence(waiting.reason, waiting.message)}`
  if (!terminated || terminated.exitCode === 0) return undefined
  return `${name}: ${sentence(terminated.reason ?? 'ended', terminated.message)} (exit code ${terminated.exitCode})`
}

/** Every pod begins like this. */
const USUAL = new Set(['ContainerCreating', 'PodInitializing'])

const sentence = (reason: string | undefined, message: string | undefined): string | undefined =>
  [reason, message].filter(Boolean).join(': ') || undefined
