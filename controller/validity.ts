import { compile } from '../crds/plan.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { VirtualService } from './routes.ts'

export type Surroundings = {
  /** By name, in the Rollout's namespace. */
  virtualService: (name: string) => VirtualService | undefined
  /** The other Rollouts of the namespace. */
  others: Rollout[]
}

/**
 * What keeps a spec from being carried out although admission let it in: a sentence that names the field and the
 * remedy. Undefined when nothing does.
 */
export function problemOf(rollout: Rollout, surroundings: Surroundings): string | undefined {
  const { spec } = rollout
  if (!spec.router.istio) return 'spec.router.istio is missing: no other router is supported yet'
  return problemOfPlan(rollout) ?? problemOfRoutes(rollout, surroundings) ?? problemOfRivals(rollout, surroundings)
}

function problemOfPlan({ spec }: Rollout): string | undefined {
  try {
    compile(spec)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function problemOfRoutes({ spec, metadata }: Rollout, { virtualService }: Surroundings): string | undefined {
  for (const [index, wanted] of (spec.router.istio?.virtualServices ?? []).entries()) {
    const field = `spec.router.istio.virtualServices[${index}]`
    const found = virtualService(wanted.name)
    if (!found) {
      return `${field}.name: there is no VirtualService ${wanted.name} in namespace ${metadata.namespace}; create it or name another`
    }
    const names = (found.spec?.http ?? []).flatMap(({ name }) => name ?? [])
    const missing = wanted.routes.find((route) => !names.includes(route))
    if (missing !== undefined) {
      const has = names.length === 0 ? 'none of its http routes has a name' : `it has ${names.join(', ')}`
      return `${field}.routes: VirtualService ${wanted.name} has no http route named ${missing} (${has}); name that route in the VirtualService or name another here`
    }
  }
  return undefined
}

/** Two Rollouts on one Service or one route would undo each other's writes: the older one keeps it. */
function problemOfRivals(rollout: Rollout, { others }: Surroundings): string | undefined {
  const routes = routesOf(rollout)
  for (const other of others) {
    if (other.metadata.deletionTimestamp || !isOlder(other, rollout)) continue
    if (other.spec.service.name === rollout.spec.service.name) {
      return `spec.service.name: Service ${rollout.spec.service.name} belongs to Rollout ${other.metadata.name}; choose another name or delete one of the two`
    }
    const shared = routesOf(other).find((route) => routes.includes(route))
    if (shared !== undefined) {
      return `spec.router.istio.virtualServices: route ${shared} belongs to Rollout ${other.metadata.name}; name another or delete one of the two`
    }
  }
  return undefined
}

const routesOf = ({ spec }: Rollout): string[] =>
  (spec.router.istio?.virtualServices ?? []).flatMap(({ name, routes }) => routes.map((route) => `${name}/${route}`))

const ageOf = ({ metadata }: Rollout): string => `${metadata.creationTimestamp ?? ''} ${metadata.name}`
const isOlder = (a: Rollout, b: Rollout): boolean => ageOf(a) < ageOf(b)
