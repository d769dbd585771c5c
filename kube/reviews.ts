import type { Kube, KubeObject, Resource } from './types.ts'

/** What the API server knows of whoever asks; `extra` is what an issuer or a webhook said of them. */
export type Identity = { name: string; groups: string[]; extra: Record<string, string[]> }

/** As the authorizer is asked; `resource` is the plural. */
export type ResourceAttributes = {
  verb: string
  group: string
  resource: string
  subresource?: string
  namespace?: string
  name?: string
}

/** Who the credentials of this client belong to. Undefined where the API server answers and names nobody. */
export async function reviewSelf(kube: Pick<Kube, 'create'>): Promise<Identity | undefined> {
  const { status } = await kube.create<SelfReview>(SELF_REVIEWS, questionOf(SELF_REVIEWS))
  const { username, groups = [], extra = {} } = status?.userInfo ?? {}
  return username ? { name: username, groups, extra } : undefined
}

/** Whether the credentials of this client have that right. */
export async function reviewAccess(
  kube: Pick<Kube, 'create'>,
  resourceAttributes: ResourceAttributes,
): Promise<boolean> {
  const question = { ...questionOf(ACCESS_REVIEWS), spec: { resourceAttributes } }
  const { status } = await kube.create<AccessReview>(ACCESS_REVIEWS, question)
  return status?.allowed === true
}

type SelfReview = KubeObject & {
  status?: { userInfo?: { username?: string; groups?: string[]; extra?: Record<string, string[]> } }
}
type AccessReview = KubeObject & { status?: { allowed?: boolean } }

const review = (group: string, plural: string, kind: string): Resource => ({
  group,
  version: 'v1',
  plural,
  kind,
  namespaced: false,
})
const ACCESS_REVIEWS = review('authorization.k8s.io', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview')
const SELF_REVIEWS = review('authentication.k8s.io', 'selfsubjectreviews', 'SelfSubjectReview')

/** Reviews have no name. */
const questionOf = ({ group, version, kind }: Resource): KubeObject => ({
  apiVersion: `${group}/${version}`,
  kind,
  metadata: { name: '' },
})
