import { LABEL } from '../crds/names.ts'
import { RELEASES, ROLLOUTS } from '../crds/resources.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { createKube, describeContext, describeError, NO_KUBECONFIG, type Kube } from '../kube/index.ts'
import { Refusal } from './failure.ts'
import { nearest } from './nearest.ts'
import { isByNpm, SELF } from './self.ts'

/** Flags that every command takes. */
export type AccessOptions = {
  kubeconfig?: string
  context?: string
  namespace?: string
  as?: string
  asGroup?: string[]
}

/** The cluster as the caller reaches it: with the caller's kubeconfig, and nothing else. */
export type Access = {
  kube: Kube
  namespace: string
  /** The user's entry in the kubeconfig; the API server may know another name. */
  user: string
}

/** Makes no request. Throws `Refusal` when the kubeconfig cannot be used. */
export function reach({ namespace, kubeconfig, context, as: user, asGroup: groups = [] }: AccessOptions): Access {
  if (user === undefined && groups.length > 0) throw new Refusal('--as-group needs --as: a group alone is nobody')
  const options = {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(user === undefined ? {} : { as: { user, groups } }),
  }
  try {
    const said = describeContext(options)
    if (said.context === NO_KUBECONFIG) throw new Error('there is neither $KUBECONFIG nor ~/.kube/config')
    return {
      kube: createKube(options),
      namespace: namespace ?? said.namespace ?? 'default',
      user: user ?? said.user ?? 'unknown',
    }
  } catch (error) {
    throw new Refusal(
      `no usable kubeconfig: ${describeError(error)}. Name one by --kubeconfig or KUBECONFIG${OF_STACK}`,
    )
  }
}

export async function needRollout({ kube, namespace }: Access, name: string): Promise<Rollout> {
  const rollout = await kube.get<Rollout>({ resource: ROLLOUTS, namespace, name })
  if (rollout) return rollout
  const { items } = await kube.list<Rollout>(ROLLOUTS, { namespace })
  const meant = nearest(
    name,
    items.map(({ metadata }) => metadata.name),
  )
  const hint = meant === undefined ? `${SELF} get -A lists what there is` : `did you mean ${meant}?`
  throw new Refusal(`there is no Rollout ${namespace}/${name}; ${hint}`)
}

export async function releasesOf({ kube, namespace }: Access, name: string): Promise<Release[]> {
  const { items } = await kube.list<Release>(RELEASES, { namespace, labelSelector: `${LABEL.rollout}=${name}` })
  return items.sort((one, other) => one.spec.number - other.spec.number)
}

/** Whoever starts the program by npm has the project, and most likely its cluster. */
const OF_STACK = isByNpm ? '. For the cluster of this project: eval "$(npm run -s stack -- env)"' : ''
