import { releaseConditions } from '../crds/conditions.ts'
import { LABEL, revisionObject } from '../crds/names.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import type { Adoption } from '../workload/adoption.ts'
import { NotDeclared } from '../workload/declared.ts'
import { sameSource, snapshotOf } from '../workload/revision.ts'
import type { Deps } from './deps.ts'
import { heartbeating } from './heartbeat.ts'
import type { RolloutRef } from './picture.ts'
import { applyStatus } from './report.ts'
import { getRollout, releasesOf } from './rollouts.ts'

/** What becomes of the pods that serve. */
export type Returning =
  /** Nothing of ours serves, or there is nothing left to return to. */
  | { kind: 'nothing' }
  /** The revision keeps serving; `why` where a person may have expected something else. */
  | { kind: 'kept'; revision: Revision; why?: string }
  /** The declared Deployment gets so many pods; `revision` serves meanwhile, where one does. */
  | { kind: 'returning'; replicas: number; revision?: Revision }

/** Decides what is to serve, and gives the declared Deployment its size again where that is what serves already. */
export async function beginReturn(
  deps: Deps,
  { ref, stable }: { ref: RolloutRef; stable?: Revision },
): Promise<Returning> {
  const rollout = await getRollout(deps.kube, ref)
  if (!rollout) return { kind: 'nothing' }
  if (!rollout.spec.workloadRef) return stable === undefined ? { kind: 'nothing' } : { kind: 'kept', revision: stable }
  const around = await deps.workload.adoption(rollout)
  if (!around || (!around.held && around.apex === undefined)) return { kind: 'nothing' }
  // A first installation that was broken off told nobody but the apex who serves.
  const revision = stable ?? around.apex
  const why = await whyKept(deps, rollout, around, revision)
  if (revision !== undefined && why !== undefined) return { kind: 'kept', revision, why }
  const { replicas } = rollout.spec
  await deps.workload.holdDeclared(rollout, replicas)
  return { kind: 'returning', replicas, ...(revision === undefined ? {} : { revision }) }
}

/** Without the key, pods of the declared Deployment have their share of the traffic already: it is too late to keep it. */
async function whyKept(
  deps: Deps,
  rollout: Rollout,
  { apex, replicas }: Adoption,
  revision: Revision | undefined,
): Promise<string | undefined> {
  const isServing = apex === undefined && replicas > 0
  return isServing || revision === undefined ? undefined : whyAnother(deps, rollout, revision)
}

/**
 * The apex reads as in Git, unless what is declared has changed since `beginReturn`: then stable has to keep serving,
 * and `why` says so.
 */
export async function finishReturn(
  deps: Deps,
  { ref, stable }: { ref: RolloutRef; stable?: Revision },
): Promise<{ why?: string }> {
  const rollout = await getRollout(deps.kube, ref)
  if (!rollout?.spec.workloadRef) return {}
  const around = await deps.workload.adoption(rollout)
  // Without its key the apex lets everything declared through already.
  const isKeyed = around?.apex !== undefined && stable !== undefined
  const why = isKeyed ? await whyAnother(deps, rollout, stable) : undefined
  if (why !== undefined) return { why }
  await deps.workload.freeApex(rollout)
  return {}
}

/** What is declared may never have been released, or have been rejected: then it must not get the traffic now. */
async function whyAnother(deps: Deps, rollout: Rollout, stable: Revision): Promise<string | undefined> {
  const { namespace = '', name } = rollout.metadata
  const kept = `Deployment ${revisionObject(name, stable)} keeps serving, selected by the key ${LABEL.revision} of Service ${rollout.spec.service.name}`
  const declaring = `Deployment ${rollout.spec.workloadRef?.name}`
  try {
    const declared = await deps.workload.declared(rollout)
    if (declared.revision === stable) return undefined
    const releases = await releasesOf(deps.kube, { namespace, name })
    const snapshot = releases.findLast(({ spec }) => spec.revision === stable)
    if (snapshot && sameSource(snapshotOf(snapshot), declared)) return undefined
    return `${declaring} declares another revision (${declared.revision}) than the one that serves (${stable}): ${kept}`
  } catch (error) {
    if (!(error instanceof NotDeclared)) throw error
    return `${declaring} cannot be run (${error.message}): ${kept}`
  }
}

export type DeclaredInput = {
  ref: RolloutRef
  /** Pods of the declared Deployment that have to be ready. */
  replicas: number
  /** Returns after this long to say what stands in the way. */
  tellAfterMs: number
}

/** Follows the pods of the declared Deployment until enough are ready, or it is gone. `waitingFor`: ask again. */
export function awaitDeclared(deps: Deps, input: DeclaredInput): Promise<{ waitingFor?: string }> {
  return heartbeating(async (signal) => {
    const rollout = await getRollout(deps.kube, input.ref)
    return rollout ? enoughReady(deps, rollout, input, signal) : {}
  })
}

function enoughReady(
  { workload }: Deps,
  rollout: Rollout,
  { replicas, tellAfterMs }: DeclaredInput,
  signal: AbortSignal,
): Promise<{ waitingFor?: string }> {
  return new Promise((resolve, reject) => {
    let last = 0
    const waitingFor = (): string =>
      `${last} of ${replicas} pods of Deployment ${rollout.spec.workloadRef?.name} are ready`
    const timer = setTimeout(() => resolve({ waitingFor: waitingFor() }), tellAfterMs)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
    const see = ({ gone, ready }: { gone: boolean; ready: number }): void => {
      last = ready
      if (gone || ready >= replicas) resolve({})
    }
    workload.followDeclared(rollout, see, signal).catch(reject)
  })
}

/** Where the hand-back is, in the status: nobody has to guess why a deleted Rollout is still there. */
export async function sayReturning(deps: Deps, { ref, message }: { ref: RolloutRef; message: string }): Promise<void> {
  const rollout = await getRollout(deps.kube, ref)
  if (!rollout?.status) return
  const { stable, lastRelease, replicas, selector, conditions: previous } = rollout.status
  const { generation = 0 } = rollout.metadata
  await applyStatus(deps, ref, {
    conditions: releaseConditions({ phase: 'HandingBack', message, generation, at: deps.now(), previous }),
    observedGeneration: generation,
    message,
    weight: 0,
    ...(replicas === undefined ? {} : { replicas }),
    ...(selector === undefined ? {} : { selector }),
    ...(stable ? { stable } : {}),
    ...(lastRelease ? { lastRelease } : {}),
  })
}
