import { findCondition } from '../crds/conditions.ts'
import { parseDuration } from '../crds/duration.ts'
import { FIELD_MANAGER, HAND_BACK, revisionObject } from '../crds/names.ts'
import { DEPLOYMENTS, ROLLOUTS } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { isConflict, type KubeObject, type ObjectMeta } from '../kube/index.ts'
import { needRollout, reach, type Access, type AccessOptions } from './access.ts'
import { Refusal } from './failure.ts'
import { follow } from './follow.ts'
import { clock } from './render.ts'
import { needRight } from './rights.ts'
import { SELF } from './self.ts'
import type { Terminal } from './terminal.ts'

export type EjectOptions = AccessOptions & { timeout: string }

const ATTEMPTS = 6
const EXIT = { gone: 0, timeout: 2 } as const

/**
 * `sluice eject NAME`: the Rollout goes, and what serves stays as plain Kubernetes objects. Waits for it. Returns the
 * exit code: 0 when it is gone, 2 when that takes longer than `timeout`. Throws `Refusal`.
 */
export async function eject(name: string, options: EjectOptions, terminal: Terminal): Promise<number> {
  const access = reach(options)
  const rollout = await needRollout(access, name)
  refuseUnfit(rollout)
  await needRight(access, 'eject', name)
  const end = await letGo(access, rollout, options, terminal)
  if (end === 'gone') terminal.print(`${await whatServes(access, rollout)}\n`)
  else terminal.complain(`not finished within ${options.timeout}: the engine goes on with it without you\n`)
  return EXIT[end]
}

function refuseUnfit({ metadata, spec, status }: Rollout): void {
  const on = `${metadata.namespace}/${metadata.name}`
  if (metadata.deletionTimestamp) return
  if (findCondition(status?.conditions, 'Reconciling')) {
    throw new Refusal(
      `release ${status?.release ?? ''} of ${on} is under way: wait until it has ended, or go back first: ` +
        `${SELF} abort ${metadata.name} -n ${metadata.namespace}`,
    )
  }
  if (status?.stable !== undefined || spec.workloadRef) return
  throw new Refusal(`nothing of ${on} serves yet, so there is nothing to keep: kubectl delete rollout ${metadata.name}`)
}

async function letGo(
  access: Access,
  rollout: Rollout,
  { timeout }: EjectOptions,
  terminal: Terminal,
): Promise<keyof typeof EXIT> {
  const { name, uid } = rollout.metadata
  const { promise: ended, resolve } = Promise.withResolvers<keyof typeof EXIT>()
  const timer = setTimeout(() => resolve('timeout'), parseDuration(timeout))
  let told: string | undefined
  let look: () => void = () => undefined
  const following = await follow(access, { name, terminal, onChange: () => look() })
  look = () => {
    const seen = following.sight().rollout
    if (seen?.metadata.uid !== uid) return resolve('gone')
    const message = seen?.metadata.deletionTimestamp && seen.status?.message
    if (!message || message === told) return
    told = message
    terminal.print(`${clock(new Date(terminal.now()).toISOString())}  ${message}\n`)
  }
  try {
    await ask(access, rollout)
    look()
    return await ended
  } finally {
    clearTimeout(timer)
    await following.stop()
  }
}

/** With the finalizer the engine comes first; an orphaning deletion takes nothing along that belongs to the Rollout. */
async function ask(access: Access, { metadata: { name, uid } }: Rollout): Promise<void> {
  const { kube, namespace } = access
  const ref = { resource: ROLLOUTS, namespace, name }
  for (let attempt = 1; ; attempt += 1) {
    const { metadata, spec } = await needRollout(access, name)
    if (metadata.uid !== uid || metadata.deletionTimestamp) return
    try {
      await mark(access, metadata)
      await kube.delete(ref, { propagation: spec.workloadRef ? 'Background' : 'Orphan', ...(uid ? { uid } : {}) })
      return
    } catch (error) {
      // The engine writes the status at the same time.
      if (!isConflict(error) || attempt === ATTEMPTS) throw error
    }
  }
}

async function mark(
  { kube, namespace }: Access,
  { name, resourceVersion, finalizers = [] }: ObjectMeta,
): Promise<void> {
  if (finalizers.includes(HAND_BACK)) return
  const patch = { metadata: { resourceVersion, finalizers: [...finalizers, HAND_BACK] } }
  await kube.mergePatch({ resource: ROLLOUTS, namespace, name }, patch, { fieldManager: FIELD_MANAGER.direct })
}

type Sized = KubeObject & { spec?: { replicas?: number } }

async function whatServes({ kube, namespace }: Access, { metadata, spec, status }: Rollout): Promise<string> {
  const done = `${namespace}/${metadata.name} is no Rollout any more`
  const kept = status?.stable && revisionObject(metadata.name, status.stable)
  for (const name of [spec.workloadRef?.name, kept]) {
    const found = name ? await kube.get<Sized>({ resource: DEPLOYMENTS, namespace, name }) : undefined
    const replicas = found?.spec?.replicas ?? 0
    if (replicas > 0) return `${done}: Deployment ${name} serves by itself (${replicas} pods)`
  }
  return done
}
