import { setTimeout as sleep } from 'node:timers/promises'
import type { Kube } from '../../kube/index.ts'
import { PORTS_ANNOTATION } from '../node/keeper.ts'
import { PODS, type Pod } from '../node/pod.ts'
import type { Order } from './behaviour.ts'

export type { Order } from './behaviour.ts'

/**
 * Tells every running pod that `selector` (a label selector) finds how to behave from now on, and returns their names.
 * Throws when there is none, and when one does not take the order within 5 s.
 */
export async function controlPods(
  { kube, namespace, selector }: { kube: Kube; namespace: string; selector: string },
  order: Order,
): Promise<string[]> {
  const { items } = await kube.list<Pod>(PODS, { namespace, labelSelector: selector })
  const running = items.filter((pod) => !pod.metadata.deletionTimestamp && controlPort(pod) !== undefined)
  if (running.length === 0) throw new Error(`no running pod in ${namespace} has ${selector}`)
  await Promise.all(running.map((pod) => give(pod, order)))
  return running.map((pod) => pod.metadata.name)
}

function controlPort({ metadata, status }: Pod): number | undefined {
  if (status?.phase !== 'Running') return undefined
  const ports = JSON.parse(metadata.annotations?.[PORTS_ANNOTATION] ?? '{}') as Record<string, number>
  return ports.control
}

async function give(pod: Pod, order: Order): Promise<void> {
  const url = `http://127.0.0.1:${controlPort(pod)}/`
  const deadline = Date.now() + 5_000
  for (;;) {
    try {
      const response = await fetch(url, {
        method: 'PUT',
        body: JSON.stringify(order),
        signal: AbortSignal.timeout(2_000),
      })
      if (response.ok) return
      throw new Error(`${pod.metadata.name} refuses: ${await response.text()}`)
    } catch (error) {
      // A process that has just been started does not listen yet.
      if (!(error instanceof TypeError) || Date.now() > deadline) throw error
      await sleep(50)
    }
  }
}
