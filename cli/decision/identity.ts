import { countingPart, type DecisionSpec } from '../../crds/decision.ts'
import type { GateTerms } from '../../crds/plan.ts'
import { isForbidden, isNotFound, reviewSelf } from '../../kube/index.ts'
import type { Access } from '../access.ts'

/** The caller as the API server knows them; where it will not say, as the kubeconfig calls them. */
export async function identify(
  { kube, user }: Access,
  terms: GateTerms | undefined,
): Promise<Pick<DecisionSpec, 'by' | 'groups' | 'claim'>> {
  try {
    const who = await reviewSelf(kube)
    return who ? countingPart(who, terms) : { by: user }
  } catch (error) {
    if (isForbidden(error) || isNotFound(error)) return { by: user }
    throw error
  }
}
