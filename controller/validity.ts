import { compile } from '../crds/plan.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { problemOfRoutes, sharedRoute, type LookUp } from './places.ts'

export type Surroundings = {
  virtualService: LookUp
  /** The other Rollouts, of all namespaces. */
  others: Rollout[]
}

/**
 * What keeps a spec from being carried out although admission let it in: a sentence that names the field and the
 * remedy. Undefined when nothing does.
 */
export function problemOf(rollout: Rollout, surroundings: Surroundings): string | undefined {
  const { spec } = rollout
  if (!spec.router.istio) return 'spec.router.istio is missing: no other router is supported yet'
  return (
    problemOfPlan(rollout) ??
    problemOfRivals(rollout, surroundings) ??
    problemOfRoutes(rollout, surroundings.virtualService)
  )
}

function problemOfPlan({ spec }: Rollout): string | undefined {
  try {
    compile(spec)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Two Rollouts on one Service or one route would undo each other's writes: the older one keeps it. */
function problemOfRivals(rollout: Rollout, { others, virtualService }: Surroundings): string | undefined {
  const { namespace } = rollout.metadata
  for (const other of others) {
    if (other.metadata.deletionTimestamp || !isOlder(other, rollout)) continue
    const isNear = other.metadata.namespace === namespace
    const who = `Rollout ${isNear ? '' : `${other.metadata.namespace}/`}${other.metadata.name}`
    if (isNear && other.spec.service.name === rollout.spec.service.name) {
      return `spec.service.name: Service ${rollout.spec.service.name} belongs to ${who}; choose another name or delete one of the two`
    }
    const shared = sharedRoute(rollout, other, virtualService)
    if (shared !== undefined) {
      return `spec.router.istio.virtualServices: route ${shared} belongs to ${who}; name another or delete one of the two`
    }
  }
  return undefined
}

const ageOf = ({ metadata }: Rollout): string =>
  `${metadata.creationTimestamp ?? ''} ${metadata.namespace ?? ''}/${metadata.name}`
const isOlder = (a: Rollout, b: Rollout): boolean => ageOf(a) < ageOf(b)
