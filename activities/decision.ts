import { whyUnguarded, type ReadGuard } from '../crds/guard.ts'
import type { DecisionSpec } from '../crds/decision.ts'
import { DECISIONS } from '../crds/resources.ts'
import type { Decision, DecisionStatus } from '../crds/schema/decision.ts'
import { objectionTo } from '../kube/index.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'
import { cut } from './timeline.ts'

type About = { ref: RolloutRef; name: string; uid: string }

/** `isFinal`: it was answered before, and the answer stands in its status. */
export type ReadDecision = { word: DecisionSpec & { name: string; uid: string } } | { refused: string; isFinal?: true }

/** What a Decision says, where the API server vouches for who says it. */
export async function readDecision({ kube }: Deps, { ref, name, uid }: About): Promise<ReadDecision> {
  const found = await kube.get<Decision>({ resource: DECISIONS, namespace: ref.namespace, name })
  if (found?.metadata.uid !== uid) return { refused: `there is no Decision ${name} with this UID`, isFinal: true }
  const { spec, status, metadata } = found
  if (isAnswered(status)) return { refused: `it was answered before: ${status?.message}`, isFinal: true }
  if (spec.rollout !== ref.name) return { refused: `it is about Rollout ${spec.rollout}` }
  const objection: ReadGuard['objection'] = (resource, object) => objectionTo(kube, resource, object)
  const unguarded = await whyUnguarded({ ...kube, objection }, metadata.creationTimestamp)
  return unguarded === undefined ? { word: { ...spec, name, uid } } : { refused: unguarded }
}

/** Writes what became of it. What was applied or refused stays so; nothing happens where there is no such Decision. */
export async function recordDecision(
  { kube }: Deps,
  { ref, name, uid, ...answer }: About & { outcome: DecisionStatus['outcome']; message: string; at: number },
): Promise<void> {
  const at = { resource: DECISIONS, namespace: ref.namespace, name }
  const found = await kube.get<Decision>(at)
  if (found?.metadata.uid !== uid || isAnswered(found.status)) return
  const status: DecisionStatus = { ...answer, message: cut(answer.message), at: new Date(answer.at).toISOString() }
  await kube.mergePatch(
    at,
    { metadata: { resourceVersion: found.metadata.resourceVersion }, status },
    { subresource: 'status' },
  )
}

const isAnswered = (status: DecisionStatus | undefined): boolean =>
  status?.outcome === 'Applied' || status?.outcome === 'Refused'
