import { describeError, isForbidden, isNotFound, type Kube, type KubeObject } from '../kube/index.ts'
import { Trouble } from './trouble.ts'

/** The API server with the rights of a ServiceAccount. Throws `Trouble` where it gives none. */
export type Access = (account: { namespace: string; name: string }) => Promise<Kube>

type TokenRequest = KubeObject & { spec: { expirationSeconds: number }; status?: { token: string } }

const LIFE_S = 3_600
/** Long before the end; one of a ServiceAccount that was made anew is asked for soon enough. */
const KEPT_MS = 10 * 60_000

/** `door`: opens the API server to whoever brings a token. */
export function createAccess({
  kube,
  door,
  now = Date.now,
}: {
  kube: Pick<Kube, 'create'>
  door: (token: string) => Kube
  now?: () => number
}): Access {
  const kept = new Map<string, { kube: Kube; until: number }>()
  return async (account) => {
    const key = `${account.namespace}/${account.name}`
    const known = kept.get(key)
    if (known && now() < known.until) return known.kube
    const opened = { kube: door(await tokenOf(account, kube)), until: now() + KEPT_MS }
    kept.set(key, opened)
    return opened.kube
  }
}

async function tokenOf({ namespace, name }: { namespace: string; name: string }, kube: Pick<Kube, 'create'>) {
  const resource = {
    group: '',
    version: 'v1',
    plural: `serviceaccounts/${encodeURIComponent(name)}/token`,
    kind: 'TokenRequest',
    namespaced: true,
  }
  try {
    const { status } = await kube.create<TokenRequest>(resource, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name, namespace },
      spec: { expirationSeconds: LIFE_S },
    })
    if (!status) throw new Error(`the API server gave no token for ServiceAccount ${namespace}/${name}`)
    return status.token
  } catch (error) {
    if (!isForbidden(error) && !isNotFound(error)) throw error
    throw new Trouble(
      'AccessDenied',
      `${describeError(error)}; install the component that lets the engine act as ServiceAccount ${name}: kubectl apply -n ${namespace} -k deploy/components/source`,
    )
  }
}
