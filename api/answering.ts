import { CALLBACK_USER, callbackDecision } from '../crds/callback.ts'
import type { DecisionSpec } from '../crds/decision.ts'
import { API_VERSION, LABEL } from '../crds/names.ts'
import { DECISIONS } from '../crds/resources.ts'
import type { Decision } from '../crds/schema/decision.ts'
import { describeError, isAlreadyExists, isForbidden, type Kube } from '../kube/index.ts'
import type { Callback } from './callback-token.ts'
import type { Cluster } from './cluster.ts'
import { Refusal } from './refusal.ts'
import type { CallbackAnswer, DecisionView } from './views.ts'
import { decisionView } from './view/decision.ts'

type Answering = { kube: Pick<Kube, 'create'>; cluster: Pick<Cluster, 'sight'> }

/**
 * Creates the Decision that an address is good for, by the API's own right to do so in that namespace. Throws `Refusal`
 * where it was used, comes too late, or where there is no such right.
 */
export async function answer(
  { kube, cluster }: Answering,
  callback: Callback,
  said: CallbackAnswer,
): Promise<DecisionView> {
  refuseLate(cluster, callback)
  const { namespace, rollout, release, revision, gate, action, jti } = callback
  const spec: DecisionSpec = { rollout, release, revision, gate, action, by: CALLBACK_USER, reason: reasonOf(said) }
  const metadata = { name: callbackDecision(rollout, jti), namespace, labels: { [LABEL.rollout]: rollout } }
  try {
    return decisionView(
      await kube.create<Decision>(DECISIONS, { apiVersion: API_VERSION, kind: DECISIONS.kind, metadata, spec }),
    )
  } catch (error) {
    // Whether it was used is decided here, however many come at once.
    if (isAlreadyExists(error)) throw used(gate)
    if (isForbidden(error))
      throw new Refusal(
        403,
        `deploy/components/callbacks is what lets the API answer gates there: ${describeError(error)}`,
      )
    throw error
  }
}

/** Throws `Refusal` where that can be told before anything is written; the engine looks at it all again. */
export function refuseLate(cluster: Answering['cluster'], callback: Callback): void {
  const { namespace, rollout, uid, release: number, gate, jti } = callback
  const sight = cluster.sight(`${namespace}/${rollout}`)
  if (sight?.rollout.metadata.uid !== uid) throw new Refusal(410, `Rollout ${namespace}/${rollout} is gone`)
  const before = sight.decisions.find(({ metadata }) => metadata.name === callbackDecision(rollout, jti))
  if (before) throw used(gate, before)
  const { spec, status } = sight.releases.find(({ spec }) => spec.number === number) ?? {}
  const outcome = status?.outcome
  if (outcome) throw new Refusal(410, `release ${number} is over (${outcome}): gate ${gate} needs no answer any more`)
  const at = spec?.plan.steps.findIndex((step) => step.kind === 'approve' && step.name === gate) ?? 0
  if ((status?.stepIndex ?? 0) > at) throw new Refusal(410, `release ${number} has passed gate ${gate} already`)
}

function used(gate: string, before?: Decision): Refusal {
  const how = before === undefined ? '' : ` by ${before.spec.action} at ${before.metadata.creationTimestamp}`
  return new Refusal(409, `this question was answered before${how}: an answer to gate ${gate} is given once`)
}

/** Whoever has the address may call themselves anything. */
function reasonOf({ by, reason }: CallbackAnswer): string {
  const who = by === undefined ? 'somebody' : `somebody who says to be ${by}`
  return `through its callback, by ${who}${reason === undefined ? '' : `: ${reason}`}`
}
