import { parseDuration } from '../crds/duration.ts'
import { LABEL } from '../crds/names.ts'
import { RELEASES, ROLLOUTS } from '../crds/resources.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { createKube, describeContext, isForbidden, NO_KUBECONFIG, type Kube } from '../kube/index.ts'
import { Refusal } from './failure.ts'
import { troubleWith } from './kubeconfig.ts'
import { nearest } from './nearest.ts'
import { SELF } from './self.ts'

/** Flags that every command takes. */
export type AccessOptions = {
  kubeconfig?: string
  context?: string
  namespace?: string
  as?: string
  asGroup?: string[]
  /** Of one answer of the API server. */
  requestTimeout?: string
}

/** The cluster as the caller reaches it: with the caller's kubeconfig, and nothing else. */
export type Access = {
  kube: Kube
  namespace: string
  /** The user's entry in the kubeconfig; the API server may know another name. */
  user: string
}

/** Makes no request. Throws `Refusal` when the kubeconfig cannot be used. */
export function reach(options: AccessOptions): Access {
  const { namespace, kubeconfig, context, as: user, asGroup: groups = [], requestTimeout = '10s' } = options
  if (user === undefined && groups.length > 0) throw new Refusal('--as-group needs --as: a group alone is nobody')
  const config = {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(user === undefined ? {} : { as: { user, groups } }),
  }
  const timeoutMs = parseDuration(requestTimeout)
  try {
    const said = describeContext(config)
    if (said.context === NO_KUBECONFIG) throw new Error('there is neither $KUBECONFIG nor ~/.kube/config')
    return {
      kube: createKube({ ...config, timeoutMs, retryForMs: timeoutMs }),
      namespace: namespace ?? said.namespace ?? 'default',
      user: user ?? said.user ?? 'unknown',
    }
  } catch (error) {
    throw new Refusal(troubleWith(options, error))
  }
}

/** Throws `Refusal` when there is none of that name, with where there is one, or which was meant. */
export async function needRollout(access: Access, name: string): Promise<Rollout> {
  const { kube, namespace } = access
  const rollout = await kube.get<Rollout>({ resource: ROLLOUTS, namespace, name })
  if (rollout) return rollout
  throw new Refusal(`there is no Rollout ${namespace}/${name}; ${await hintFor(access, name)}`)
}

/** Those of a name, or all, here or everywhere. Throws `Refusal` when there is none of that name. */
export async function findRollouts(
  access: Access,
  { name, allNamespaces }: { name: string | undefined; allNamespaces: boolean },
): Promise<Rollout[]> {
  if (name !== undefined && !allNamespaces) return [await needRollout(access, name)]
  if (name === undefined) {
    return (await access.kube.list<Rollout>(ROLLOUTS, allNamespaces ? {} : { namespace: access.namespace })).items
  }
  const found = await called(access, name)
  if (found.length > 0) return found
  throw new Refusal(`there is no Rollout ${name} in any namespace; ${SELF} get -A lists what there is`)
}

async function hintFor(access: Access, name: string): Promise<string> {
  const { items } = await access.kube.list<Rollout>(ROLLOUTS, { namespace: access.namespace })
  const here = nearest(
    name,
    items.map(({ metadata }) => metadata.name),
  )
  if (here !== undefined) return `did you mean ${here}?`
  const elsewhere = await called(access, name).catch((error: unknown) => {
    if (isForbidden(error)) return []
    throw error
  })
  const [one, ...more] = elsewhere
  if (more.length > 0) return `there are ${elsewhere.length} of that name elsewhere: ${SELF} get ${name} -A`
  if (one) return `there is one in ${one.metadata.namespace}: -n ${one.metadata.namespace}`
  return `${SELF} get -A lists what there is`
}

const called = async ({ kube }: Access, name: string): Promise<Rollout[]> =>
  (await kube.list<Rollout>(ROLLOUTS, { fieldSelector: `metadata.name=${name}` })).items

export async function releasesOf({ kube, namespace }: Access, name: string): Promise<Release[]> {
  const { items } = await kube.list<Release>(RELEASES, { namespace, labelSelector: `${LABEL.rollout}=${name}` })
  return items.sort((one, other) => one.spec.number - other.spec.number)
}
