import type { Credentials, Sampler } from '../analysis/index.ts'
import type { Policy, PrometheusAuth, SecretKey } from '../crds/policy.ts'
import { SECRETS } from '../crds/resources.ts'
import { describeError, isForbidden, type KubeObject } from '../kube/index.ts'
import type { Deps } from './deps.ts'

/** Who cannot go on without the Secret, and which of `deploy/components` lets the engine read it. */
export type Asker = { name: string; component: `${'prometheus' | 'webhook' | 'notification'}-secrets` }

type Secret = KubeObject & { data?: Record<string, string> }

const PROMETHEUS: Asker = { name: 'Prometheus', component: 'prometheus-secrets' }

/**
 * The sampler of a policy's Prometheus; undefined where nothing is measured. Secrets are read here and nowhere else;
 * they never leave the activity.
 */
export async function samplerFor(deps: Deps, namespace: string, policy: Policy): Promise<Sampler | undefined> {
  if (!policy.prometheus) return undefined
  const { address, auth } = policy.prometheus
  return deps.samplers(address, auth ? await credentialsOf(deps, namespace, auth, PROMETHEUS) : {})
}

/** Throws a sentence where a Secret cannot be read. */
export async function credentialsOf(
  deps: Pick<Deps, 'kube'>,
  namespace: string,
  auth: PrometheusAuth,
  asker: Asker,
): Promise<Credentials> {
  const read = (key: SecretKey): Promise<string> => secretValue(deps, namespace, key, asker)
  const headers = await Promise.all(
    (auth.headers ?? []).map(async ({ name, value }) => [name, await read(value)] as const),
  )
  return {
    ...(auth.bearerToken ? { bearerToken: await read(auth.bearerToken) } : {}),
    ...(auth.basic
      ? { basic: { username: await read(auth.basic.username), password: await read(auth.basic.password) } }
      : {}),
    ...(auth.caBundle ? { caBundle: await read(auth.caBundle) } : {}),
    ...(headers.length > 0 ? { headers: Object.fromEntries(headers) } : {}),
  }
}

/** As `credentialsOf`, one key. */
export async function secretValue(
  { kube }: Pick<Deps, 'kube'>,
  namespace: string,
  { secret: name, key }: SecretKey,
  asker: Asker,
): Promise<string> {
  const cannot = (why: string): Error =>
    new Error(`${asker.name} cannot be asked, because key ${key} of Secret ${namespace}/${name} ${why}`)
  let secret: Secret | undefined
  try {
    secret = await kube.get<Secret>({ resource: SECRETS, namespace, name })
  } catch (error) {
    const remedy = `; to let the engine read it: kubectl apply -n ${namespace} -k deploy/components/${asker.component}`
    throw cannot(`cannot be read: ${describeError(error)}${isForbidden(error) ? remedy : ''}`)
  }
  const value = secret?.data?.[key]
  if (value === undefined) throw cannot(secret ? 'does not exist' : 'cannot be read: there is no such Secret')
  return Buffer.from(value, 'base64').toString('utf8')
}
