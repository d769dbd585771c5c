import { findCondition } from '../crds/conditions.ts'
import { whyUnguarded, type ReadGuard } from '../crds/guard.ts'
import { ROLLOUTS } from '../crds/resources.ts'
import type { Decision } from '../crds/schema/decision.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { describeError, isForbidden, objectionTo, type Kube, type Log, type Recorder } from '../kube/index.ts'
import type { Workflows } from './workflows.ts'

export type Vouching = {
  kube: Pick<Kube, 'get' | 'create'>
  workflows: Pick<Workflows, 'decide'>
  events: Recorder
  log: Log
}

/** A sentence where no run can answer a Decision; undefined when one has taken it and writes what becomes of it. */
export async function whyRefused(options: Vouching, decision: Decision): Promise<string | undefined> {
  const { kube, workflows } = options
  const { namespace = '', name, uid = '', creationTimestamp } = decision.metadata
  const { rollout, action } = decision.spec
  const objection: ReadGuard['objection'] = (resource, object) => objectionTo(kube, resource, object)
  const [found, unguarded] = await Promise.all([
    kube.get<Rollout>({ resource: ROLLOUTS, namespace, name: rollout }),
    whyUnguarded({ ...kube, objection }, creationTimestamp).catch(asFault),
  ])
  if (!found) return `there is no Rollout ${rollout}: there is nothing to ${action}`
  const word = { uid, name, action, ...(isUnderWay(found) ? { underWay: true as const } : {}) }
  if (unguarded === undefined) return workflows.decide({ namespace, name: rollout }, word)
  await warn(options, found, unguarded)
  return unguarded
}

const isUnderWay = ({ metadata, status }: Rollout): boolean =>
  metadata.deletionTimestamp === undefined && findCondition(status?.conditions, 'Reconciling') !== undefined

/** Without the right to look, nobody vouches for anything. Whatever else fails is tried again. */
function asFault(error: unknown): string {
  if (!isForbidden(error)) throw error
  return `no Decision counts: the engine may not look who vouches for it (${describeError(error)}); apply deploy/base of this engine`
}

async function warn({ events, log }: Vouching, { metadata }: Rollout, note: string): Promise<void> {
  const { namespace = '', name, uid } = metadata
  log.warn({ namespace, rollout: name, reason: note }, 'a Decision that nobody vouches for')
  await events.record({
    regarding: { resource: ROLLOUTS, namespace, name, ...(uid === undefined ? {} : { uid }) },
    type: 'Warning',
    reason: 'DecisionsUnprotected',
    action: 'DecisionRefused',
    note,
  })
}
