import type { Deployment, Pod } from './objects.ts'
import { isAlive, isReady, problemOf } from './pod.ts'
import type { Readiness } from './workload.ts'

export type ReadinessInput = {
  /** Undefined when there is none. */
  deployment: Deployment | undefined
  /** Of this revision, all of them. */
  pods: Pod[]
  crash: Readiness['crash']
}

export function readinessOf({ deployment, pods, crash }: ReadinessInput): Readiness {
  const desired = deployment === undefined ? 0 : (deployment.spec.replicas ?? 1)
  const ready = pods.filter(isReady).length
  const waitingFor = deployment === undefined ? 'its Deployment is gone' : obstacle(deployment, pods, desired)
  return { desired, ready, ...(crash ? { crash } : {}), ...(waitingFor ? { waitingFor } : {}) }
}

function obstacle(deployment: Deployment, pods: Pod[], desired: number): string | undefined {
  const alive = pods.filter(isAlive)
  const ready = alive.filter(isReady).length
  if (ready >= desired) return undefined
  const [worst] = alive
    .filter((pod) => !isReady(pod))
    .map(problemOf)
    .sort((a, b) => a.rank - b.rank)
  if (worst) return worst.sentence
  const { name } = deployment.metadata
  // A quota or an admission webhook: there is no pod that could tell.
  const failure = deployment.status?.conditions?.find(
    ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
  )
  if (failure) return `Deployment ${name} cannot create pods (${failure.reason ?? 'unknown'}): ${failure.message ?? ''}`
  return `Deployment ${name} has ${alive.length} of ${desired} pods`
}
