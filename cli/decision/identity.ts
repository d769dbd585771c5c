import type { DecisionSpec } from '../../crds/decision.ts'
import { AUTHOR_CLAIM } from '../../crds/guard-policy.ts'
import type { GateTerms } from '../../crds/plan.ts'
import { isForbidden, isNotFound, type KubeObject } from '../../kube/index.ts'
import type { Access } from '../access.ts'

/**
 * The caller as the API server knows them; where it will not say, as the kubeconfig calls them. Of all their groups a
 * Decision names those that the gate asks for.
 */
export async function identify(
  { kube, user }: Access,
  terms: GateTerms | undefined,
): Promise<Pick<DecisionSpec, 'by' | 'groups' | 'claim'>> {
  const question = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: { name: '' } }
  try {
    const { status } = await kube.create<SelfSubjectReview>(SELF_SUBJECT_REVIEWS, question)
    const { username = user, groups = [], extra = {} } = status?.userInfo ?? {}
    const asked = groups.filter((group) => terms?.groups?.includes(group))
    const claim = terms?.notBy === undefined ? undefined : extra[AUTHOR_CLAIM]?.[0]
    return { by: username, ...(asked.length > 0 ? { groups: asked } : {}), ...(claim === undefined ? {} : { claim }) }
  } catch (error) {
    if (isForbidden(error) || isNotFound(error)) return { by: user }
    throw error
  }
}

type UserInfo = { username?: string; groups?: string[]; extra?: Record<string, string[]> }
type SelfSubjectReview = KubeObject & { status?: { userInfo?: UserInfo } }

const SELF_SUBJECT_REVIEWS = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'selfsubjectreviews',
  kind: 'SelfSubjectReview',
  namespaced: false,
}
