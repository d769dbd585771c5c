import { PROVENANCE } from '../crds/names.ts'
import { DEPLOYMENTS } from '../crds/resources.ts'
import type { ReleaseSpec } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { isForbidden, type Kube, type KubeObject } from '../kube/index.ts'

type Provenance = Omit<ReleaseSpec['provenance'], 'images'>

/**
 * Who declared what a Rollout runs, as it is written on the Deployment that it names, or on itself. Where nothing is, the
 * commit that Flux or Argo CD say they apply, if they apply it and may be asked; they know no more than that.
 */
export async function provenanceOf(kube: Pick<Kube, 'get'>, rollout: Rollout): Promise<Provenance> {
  const { namespace = '' } = rollout.metadata
  const { workloadRef } = rollout.spec
  const deployment = workloadRef && (await kube.get({ resource: DEPLOYMENTS, namespace, name: workloadRef.name }))
  const carriers: KubeObject[] = [...(deployment ? [deployment] : []), rollout]
  const said = carriers.map(saidOn).find((one) => Object.keys(one).length > 0)
  if (said) return said
  for (const carrier of carriers) {
    const commit = (await commitOfFlux(kube, carrier)) ?? (await commitOfArgo(kube, carrier))
    if (commit !== undefined) return { commit }
  }
  return {}
}

/** As much of it as a Release holds; whoever annotates writes what he likes. */
const MOST_CHARS: Record<keyof Provenance, number> = { commit: 128, author: 256, message: 1024 }

function saidOn({ metadata: { annotations = {} } }: KubeObject): Provenance {
  const fields = Object.keys(PROVENANCE) as (keyof Provenance)[]
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = annotations[PROVENANCE[field]]
      return value ? [[field, value.slice(0, MOST_CHARS[field])]] : []
    }),
  )
}

const KUSTOMIZATIONS = {
  group: 'kustomize.toolkit.fluxcd.io',
  version: 'v1',
  plural: 'kustomizations',
  kind: 'Kustomization',
  namespaced: true,
}
const APPLICATIONS = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  plural: 'applications',
  kind: 'Application',
  namespaced: true,
}
/** Where Argo CD keeps its Applications unless told otherwise. */
const ARGO_NAMESPACE = 'argocd'

type Kustomization = KubeObject & { status?: { lastAttemptedRevision?: string } }
type Application = KubeObject & { status?: { operationState?: { operation?: { sync?: { revision?: string } } } } }

/** Flux labels what it applies with the name of its Kustomization, which says `main@sha1:…` before anything is applied. */
async function commitOfFlux(kube: Pick<Kube, 'get'>, { metadata: { labels = {} } }: KubeObject) {
  const name = labels['kustomize.toolkit.fluxcd.io/name']
  const namespace = labels['kustomize.toolkit.fluxcd.io/namespace']
  if (!name || !namespace) return undefined
  const found = await asked<Kustomization>(kube, { resource: KUSTOMIZATIONS, namespace, name })
  return /@sha(?:1|256):([0-9a-f]{40,64})$/.exec(found?.status?.lastAttemptedRevision ?? '')?.[1]
}

/** `app:group/Kind:namespace/name`; of an Application outside of Argo CD's own namespace `namespace_app`. */
async function commitOfArgo(kube: Pick<Kube, 'get'>, { metadata: { annotations = {} } }: KubeObject) {
  const [, elsewhere, name] = /^(?:([^_:]+)_)?([^_:]+):/.exec(annotations['argocd.argoproj.io/tracking-id'] ?? '') ?? []
  if (!name) return undefined
  const namespace = elsewhere ?? ARGO_NAMESPACE
  const found = await asked<Application>(kube, { resource: APPLICATIONS, namespace, name })
  const revision = found?.status?.operationState?.operation?.sync?.revision ?? ''
  return /^[0-9a-f]{40,64}$/.test(revision) ? revision : undefined
}

/** Whom we may not ask says nothing. */
async function asked<T extends KubeObject>(
  kube: Pick<Kube, 'get'>,
  ref: Parameters<Kube['get']>[0],
): Promise<T | undefined> {
  try {
    return await kube.get<T>(ref)
  } catch (error) {
    if (isForbidden(error)) return undefined
    throw error
  }
}
