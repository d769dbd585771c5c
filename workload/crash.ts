import type { ContainerStatus, Pod } from './objects.ts'
import { isAlive, isCrashLooping, lastWords } from './pod.ts'
import type { Readiness } from './workload.ts'

export type CrashWatch = { see(pods: Pod[]): Readiness['crash'] }

/**
 * Remembers how often each container had restarted when it was first seen: a process that stumbled once before anybody
 * watched is no crash, one that ends afterwards is. `since` (epoch seconds) looks further back.
 */
export function watchCrashes({ since }: { since?: number } = {}): CrashWatch {
  const firstSeen = new Map<string, number>()

  function restarted(pod: Pod, container: ContainerStatus): boolean {
    const { restartCount = 0 } = container
    const before = firstSeen.get(`${pod.metadata.uid}/${container.name}`) ?? 0
    const finishedAt = Date.parse(container.lastState?.terminated?.finishedAt ?? '') / 1_000
    return restartCount > before || (since !== undefined && restartCount > 0 && finishedAt >= Math.floor(since))
  }

  function remember(pod: Pod): void {
    for (const { name, restartCount = 0 } of pod.status?.containerStatuses ?? []) {
      const key = `${pod.metadata.uid}/${name}`
      if (!firstSeen.has(key)) firstSeen.set(key, restartCount)
    }
  }

  return {
    see(pods) {
      const alive = pods.filter(isAlive)
      for (const pod of alive) remember(pod)
      for (const pod of alive) {
        const crash = crashOf(pod, (container) => restarted(pod, container))
        if (crash) return crash
      }
      return undefined
    },
  }
}

function crashOf(pod: Pod, restarted: (container: ContainerStatus) => boolean): Readiness['crash'] {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {}
  const said = (container: ContainerStatus, words: string): Readiness['crash'] => ({
    pod: pod.metadata.name,
    container: container.name,
    message: `container ${container.name} of pod ${pod.metadata.name} ${words}`,
  })
  for (const container of [...initContainerStatuses, ...containerStatuses]) {
    if (isCrashLooping(container)) return said(container, `crash-loops: ${lastWords(container.lastState?.terminated)}`)
  }
  for (const container of containerStatuses) {
    const ended = container.state?.terminated ?? (restarted(container) ? container.lastState?.terminated : undefined)
    if (ended || restarted(container)) return said(container, `ended by itself: ${lastWords(ended)}`)
  }
  return undefined
}
