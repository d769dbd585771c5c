import type { Kube, KubeObject } from '../../kube/index.ts'
import type { Pod, TokenSource } from './pod.ts'

/** A token of the pod's ServiceAccount, bound to the pod. Rejects when the API server gives none. */
export type Tokens = (pod: Pod, source: TokenSource) => Promise<string>

type TokenRequest = KubeObject & { spec: object; status?: { token: string } }

const LIFE_S = 3_600

export function createTokens(kube: Pick<Kube, 'create'>): Tokens {
  return async ({ metadata, spec }, { audience, expirationSeconds = LIFE_S }) => {
    const { name, namespace = '', uid = '' } = metadata
    const account = spec.serviceAccountName ?? 'default'
    const resource = {
      group: '',
      version: 'v1',
      plural: `serviceaccounts/${encodeURIComponent(account)}/token`,
      kind: 'TokenRequest',
      namespaced: true,
    }
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name: account, namespace },
      spec: {
        ...(audience === undefined ? {} : { audiences: [audience] }),
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    }
    const { status } = await kube.create(resource, request)
    if (!status) throw new Error(`the API server gave no token for the ServiceAccount ${account}`)
    return status.token
  }
}
