import { serviceHost } from '../crds/names.ts'
import { BYSTANDERS, type ResourceDescriptor } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { describeError, isForbidden, isNotFound, type Kube, type KubeObject, type Log } from '../kube/index.ts'
import { READERS, type Apex, type Mentioning } from './mentions.ts'
import { routeKeys } from './places.ts'

/** What the caches know already; the other kinds are asked for. */
export type Cached = { virtualServices: KubeObject[]; destinationRules: KubeObject[] }

export type Bystanders = (rollout: Rollout, cached: Cached) => Promise<string | undefined>

/** Rollouts that begin at the same moment share one answer per kind. */
const FRESH_MS = 1_000
const MOST_NAMED = 5

/**
 * Why nothing may begin before somebody has looked at it: objects of others name the apex host, and what they say is not
 * said of the hosts that revisions have during a release. Asked only when something is to begin. A kind that the cluster
 * does not have has no objects; one that may not be read is told once to the log.
 */
export function createBystanders({ kube, log }: { kube: Pick<Kube, 'list'>; log: Log }): Bystanders {
  const list = createLister(kube, log)
  return async (rollout, cached) => {
    const lists = await Promise.all(BYSTANDERS.map((resource) => list(resource)))
    const own = new Set(routeKeys(rollout))
    const virtualServices = cached.virtualServices.filter(({ metadata }) => !own.has(keyOf(metadata)))
    const apex = apexOf(rollout)
    const naming = [
      ...namingIn('VirtualService', virtualServices, apex),
      ...namingIn('DestinationRule', cached.destinationRules, apex),
      ...lists.flatMap((objects, index) => namingIn(BYSTANDERS[index]!.kind, objects, apex)),
    ]
    return sentenceFor(rollout, naming, apex)
  }
}

type Naming = { kind: string; metadata: KubeObject['metadata'] }

const namingIn = (kind: string, objects: Mentioning[], apex: Apex): Naming[] =>
  objects.filter((object) => READERS[kind]?.names(object, apex)).map(({ metadata }) => ({ kind, metadata }))

function sentenceFor({ metadata, spec }: Rollout, naming: Naming[], { host }: Apex): string | undefined {
  const known = new Set(spec.router.istio?.acknowledge)
  const unknown = naming.filter((one) => !idsOf(one, metadata.namespace).some((id) => known.has(id)))
  if (unknown.length === 0) return undefined
  const ids = unknown.map((one) => idsOf(one, metadata.namespace)[0]!)
  const named = unknown.slice(0, MOST_NAMED).map(({ kind }, index) => `${ids[index]} ${READERS[kind]!.meaning}`)
  const more = unknown.length > MOST_NAMED ? `, and ${unknown.length - MOST_NAMED} more` : ''
  const list = ids.slice(0, MOST_NAMED).join(', ')
  return `spec.router.istio.acknowledge: while a release runs, requests go to hosts of revisions instead of ${host}, and others name that host: ${named.join('; ')}${more}. Change them, or acknowledge that you know: [${list}]`
}

/** The shortest first. */
function idsOf({ kind, metadata }: Naming, near: string | undefined): string[] {
  const full = `${kind}/${metadata.namespace}/${metadata.name}`
  return metadata.namespace === near ? [`${kind}/${metadata.name}`, full] : [full]
}

function apexOf({ metadata, spec }: Rollout): Apex {
  const { namespace = '', name } = metadata
  const service = spec.service.name
  return { namespace, rollout: name, service, host: serviceHost(namespace, service) }
}

function createLister(kube: Pick<Kube, 'list'>, log: Log): (resource: ResourceDescriptor) => Promise<Mentioning[]> {
  const answers = new Map<string, { at: number; objects: Promise<Mentioning[]> }>()
  const told = new Set<string>()
  async function ask(resource: ResourceDescriptor): Promise<Mentioning[]> {
    try {
      return (await kube.list<Mentioning>(resource)).items
    } catch (error) {
      if (isNotFound(error)) return []
      if (!isForbidden(error)) throw error
      const { kind } = resource
      if (!told.has(kind)) {
        log.warn({ kind, error: describeError(error) }, 'may not be read: whether one names a Service is not noticed')
      }
      told.add(kind)
      return []
    }
  }
  return ({ kind, ...rest }) => {
    const before = answers.get(kind)
    if (before && Date.now() - before.at < FRESH_MS) return before.objects
    const objects = ask({ kind, ...rest })
    answers.set(kind, { at: Date.now(), objects })
    return objects
  }
}

const keyOf = ({ namespace = '', name }: { namespace?: string; name: string }): string => `${namespace}/${name}`
