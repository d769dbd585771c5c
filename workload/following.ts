import { revisionObject } from '../crds/names.ts'
import { DEPLOYMENTS, PODS } from '../crds/resources.ts'
import type { Revision } from '../crds/traffic.ts'
import { reflect, type Kube, type Log } from '../kube/index.ts'
import { watchCrashes } from './crash.ts'
import { podLabels, selectorText } from './identity.ts'
import type { Deployment, Pod } from './objects.ts'
import { readinessOf } from './readiness.ts'
import type { FollowTarget, Readiness } from './workload.ts'

/** One look. Only what crashes right now is a crash: earlier restarts may be long over. */
export async function readinessNow(
  kube: Kube,
  target: { namespace: string; rollout: string; revision: Revision },
): Promise<Readiness> {
  const { namespace, rollout, revision } = target
  const [deployment, pods] = await Promise.all([
    kube.get<Deployment>({ resource: DEPLOYMENTS, namespace, name: revisionObject(rollout, revision) }),
    kube.list<Pod>(PODS, { namespace, labelSelector: selectorText(podLabels(rollout, revision)) }),
  ])
  return readinessOf({ deployment, pods: pods.items, crash: watchCrashes().see(pods.items) })
}

export type Following = {
  kube: Kube
  log: Log
  target: FollowTarget
  onChange: (readiness: Readiness) => void
  signal: AbortSignal
}

/** Two watches, closed when `signal` aborts. States equal to the one before are not told again. */
export async function followPods({ kube, log, target, onChange, signal }: Following): Promise<void> {
  const { namespace, rollout, revision } = target
  const crashes = watchCrashes(target)
  let synced = false
  let told = ''
  const look = (): void => {
    if (!synced || signal.aborted) return
    const pods = podWatch.items()
    const readiness = readinessOf({ deployment: deploymentWatch.items()[0], pods, crash: crashes.see(pods) })
    const text = JSON.stringify(readiness)
    if (text === told) return
    told = text
    onChange(readiness)
  }
  const options = { kube, log, namespace, onChange: look }
  const labelSelector = selectorText(podLabels(rollout, revision))
  const fieldSelector = `metadata.name=${revisionObject(rollout, revision)}`
  const podWatch = reflect<Pod>({ ...options, resource: PODS, labelSelector })
  const deploymentWatch = reflect<Deployment>({ ...options, resource: DEPLOYMENTS, fieldSelector })
  const aborted = untilAborted(signal)
  try {
    await Promise.race([Promise.all([podWatch.synced, deploymentWatch.synced]), aborted])
    synced = true
    look()
    await aborted
  } finally {
    await Promise.all([podWatch.stop(), deploymentWatch.stop()])
  }
}

export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
