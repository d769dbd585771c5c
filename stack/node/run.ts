import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runContainer, type Surroundings } from './container.ts'
import type { ContainerStatus, Pod, PodStatus } from './pod.ts'

/** A pod on this machine: its processes, and what has been published about them. */
export type PodRun = {
  uid: string
  statuses(): ContainerStatus[]
  ports(): Record<string, number>
  ready(): boolean
  /** Ends the processes and starts none any more; resolves when they are gone. May be said again, with more haste. */
  end(how: Ending): Promise<void>
  life: 'running' | 'ending' | 'ended'
  /** What the API server was told last. */
  written: PodStatus | undefined
  /** Epoch milliseconds at which it was told that the pod is Ready; absent while it is not. */
  readySince: number | undefined
  /** Ports of the address that clients have, as JSON; absent while there is none. */
  published: string | undefined
  /** It had an address: requests may be on their way. */
  served: boolean
}

export type Ending = {
  /** From SIGTERM to SIGKILL, in milliseconds. */
  graceMs: number
  /** Nobody has the address any more, or it does not matter: SIGTERM at once. */
  hasty?: boolean
}

/** Connections stop coming while the address is already gone; requests that are on their way still get here. */
const DRAIN_MS = 500

export function runPod(
  pod: Pod,
  { stateDir, ...around }: Omit<Surroundings, 'directory' | 'logFile'> & { stateDir: string },
): PodRun {
  const directory = join(stateDir, 'pods')
  const logFile = join(directory, `${pod.metadata.namespace}_${pod.metadata.name}.log`)
  const containers = pod.spec.containers.map((container) => {
    const before = pod.status?.containerStatuses?.find(({ name }) => name === container.name)
    return runContainer(pod, container, { ...around, directory, logFile, before })
  })
  const run: PodRun = {
    uid: pod.metadata.uid ?? '',
    statuses: () => containers.map((container) => container.status()),
    ports: () => Object.assign({}, ...containers.map((container) => container.ports())) as Record<string, number>,
    ready: () => run.life === 'running' && containers.every((container) => container.status().ready),
    async end({ graceMs, hasty = false }) {
      if (run.life === 'running') run.life = 'ending'
      if (run.served && !hasty) await sleep(DRAIN_MS)
      await Promise.all(containers.map((container) => container.end(graceMs)))
      run.life = 'ended'
      around.onChange()
    },
    life: 'running',
    written: pod.status,
    readySince: undefined,
    published: undefined,
    served: false,
  }
  return run
}
