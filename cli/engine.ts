import { DEPLOYMENTS, SERVICES } from '../crds/resources.ts'
import { isForbidden, type KubeObject } from '../kube/index.ts'
import type { Access } from './access.ts'

const LABELS = 'app.kubernetes.io/name=sluice'

export type Part = { name: string; image: string; ready: number; replicas: number }

type Deployment = KubeObject & {
  spec?: { replicas?: number; template?: { spec?: { containers?: { image?: string }[] } } }
  status?: { readyReplicas?: number }
}

/** The Deployments of the engine; undefined when the caller may not see them. */
export async function partsOf({ kube }: Access, namespace: string): Promise<Part[] | undefined> {
  const found = await readable(kube.list<Deployment>(DEPLOYMENTS, { namespace, labelSelector: LABELS }))
  return found?.items.map(({ metadata, spec, status }) => ({
    name: metadata.name,
    image: spec?.template?.spec?.containers?.[0]?.image ?? '',
    ready: status?.readyReplicas ?? 0,
    replicas: spec?.replicas ?? 1,
  }))
}

export type ApiService = { name: string; port: number; url?: string }

/** On the Service of the API: where browsers reach it. */
const URL_ANNOTATION = 'sluice.dev/url'

type Service = KubeObject & { spec?: { ports?: { name?: string; port: number }[] } }

/** The Service of the API, `'forbidden'` when the caller may not see it, undefined when there is none. */
export async function apiServiceIn({ kube }: Access, namespace: string): Promise<ApiService | 'forbidden' | undefined> {
  const labelSelector = `${LABELS},app.kubernetes.io/component=api`
  const found = await readable(kube.list<Service>(SERVICES, { namespace, labelSelector }))
  if (!found) return 'forbidden'
  const [service] = found.items
  if (!service) return undefined
  const port = service.spec?.ports?.find(({ name }) => name === 'http') ?? service.spec?.ports?.[0]
  const url = service.metadata.annotations?.[URL_ANNOTATION]
  return { name: service.metadata.name, port: port?.port ?? 80, ...(url === undefined ? {} : { url }) }
}

async function readable<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isForbidden(error)) return undefined
    throw error
  }
}
