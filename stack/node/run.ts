import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createContainer, type ContainerRun, type Surroundings } from './container.ts'
import type { Container, ContainerStatus, Pod, PodStatus, RestartPolicy } from './pod.ts'
import { removeVolumes } from './volumes.ts'

/** A pod on this machine: its processes, and what has been published about them. */
export type PodRun = {
  uid: string
  statuses(): Statuses
  ports(): Record<string, number>
  ready(): boolean
  /** Where in its log the present run of a container and the one before it begin, in bytes. */
  logFrom(container: string): { present: number; previous: number | undefined } | undefined
  /** It runs, or will run again. */
  isRunning(container: string): boolean
  /** Ends the processes and starts none any more; resolves when they are gone. May be said again, with more haste. */
  end(how: Ending): Promise<void>
  life: 'running' | 'ending' | 'ended'
  /** What the API server was told last. */
  written: PodStatus | undefined
  /** Epoch milliseconds at which it was told that the pod is Ready; absent while it is not. */
  readySince: number | undefined
  /** Ports of the address that clients have, as JSON; absent while there is none. */
  published: string | undefined
  /** What its proxy was told last, as JSON; absent where there is none. */
  guidance: string | undefined
  /** It had an address: requests may be on their way. */
  served: boolean
}

export type Statuses = { init: ContainerStatus[]; main: ContainerStatus[] }

export type Ending = {
  /** From SIGTERM to SIGKILL, in milliseconds. */
  graceMs: number
  /** Nobody has the address any more, or it does not matter: SIGTERM at once. */
  hasty?: boolean
}

/** Connections stop coming while the address is already gone; requests that are on their way still get here. */
const DRAIN_MS = 500
/** Of what goes on beside the containers, once those have ended by themselves. */
const SIDECAR_GRACE_MS = 5_000

type Parts = { inits: ContainerRun[]; sidecars: ContainerRun[]; mains: ContainerRun[] }

export function runPod(
  pod: Pod,
  { stateDir, ...around }: Omit<Surroundings, 'directory' | 'inTurn'> & { stateDir: string },
): PodRun {
  const directory = directoryOf(stateDir, pod)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const parts = partsOf(pod, { ...around, directory, inTurn: inTurn() })
  const { inits, sidecars, mains } = parts
  const find = (name: string) => [...inits, ...mains].find((one) => one.name === name)
  const run: PodRun = {
    uid: pod.metadata.uid ?? '',
    statuses: () => ({ init: inits.map((one) => one.status()), main: mains.map((one) => one.status()) }),
    ports: () => Object.assign({}, ...[...sidecars, ...mains].map((one) => one.ports())) as Record<string, number>,
    ready: () => run.life === 'running' && [...sidecars, ...mains].every((one) => one.status().ready),
    logFrom: (container) => find(container)?.logFrom(),
    isRunning: (container) => run.life !== 'ended' && !('terminated' in (find(container)?.status().state ?? {})),
    async end({ graceMs, hasty = false }) {
      if (run.life === 'running') run.life = 'ending'
      const how = { graceMs, hasty, drainMs: run.served && !hasty ? DRAIN_MS : 0 }
      const unfinished = inits.filter((one) => !sidecars.includes(one))
      await Promise.all([...unfinished, ...mains].map((one) => one.end(how)))
      for (const one of sidecars.toReversed()) await one.end({ ...how, drainMs: 0 })
      await removeVolumes(directory)
      run.life = 'ended'
      around.onChange()
    },
    life: 'running',
    written: pod.status,
    readySince: undefined,
    published: undefined,
    guidance: undefined,
    served: false,
  }
  void startInOrder(parts)
  return run
}

/** Logs, volumes and working directories of a pod. */
export const directoryOf = (stateDir: string, { metadata: { namespace, name, uid } }: Pod): string =>
  join(stateDir, 'pods', `${namespace}_${name}_${uid}`)

/** Init containers one after the other, sidecars as soon as they are up, then the rest; sidecars end after it. */
async function startInOrder({ inits, sidecars, mains }: Parts): Promise<void> {
  for (const one of inits) {
    one.start()
    if (sidecars.includes(one)) await one.started
    else if ((await one.finished).exitCode !== 0) return
  }
  for (const one of mains) one.start()
  await Promise.all(mains.map((one) => one.finished))
  for (const one of sidecars.toReversed()) await one.end({ graceMs: SIDECAR_GRACE_MS, drainMs: 0, hasty: false })
}

function partsOf(pod: Pod, around: Surroundings): Parts {
  const policy = pod.spec.restartPolicy ?? 'Always'
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {}
  const statuses = [...initContainerStatuses, ...containerStatuses]
  const create = (container: Container, policy: RestartPolicy): ContainerRun =>
    createContainer(pod, container, { ...around, policy, before: statuses.find(({ name }) => name === container.name) })
  const inits = (pod.spec.initContainers ?? []).map((container) => ({
    isSidecar: container.restartPolicy === 'Always',
    run: create(container, container.restartPolicy ?? (policy === 'Never' ? 'Never' : 'OnFailure')),
  }))
  return {
    inits: inits.map(({ run }) => run),
    sidecars: inits.filter(({ isSidecar }) => isSidecar).map(({ run }) => run),
    mains: pod.spec.containers.map((container) => create(container, policy)),
  }
}

function inTurn(): Surroundings['inTurn'] {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
}
