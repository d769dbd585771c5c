import { fqdn, hostsOf } from '../../crds/hosts.ts'
import { LABEL } from '../../crds/names.ts'
import type { KubeObject } from '../../kube/index.ts'
import type { RouteTarget } from '../router.ts'

export type DestinationRule = KubeObject & {
  spec: { host: string; workloadSelector?: unknown; subsets?: unknown } & Record<string, unknown>
}

/** What a host of ours gets, beside the host itself. */
export type Policy = {
  spec: Record<string, unknown>
  /** Which field or object says so, as words. */
  owner: string
  /** Name of the apex host's rule that is for selected clients only; undefined for what is for all of them. */
  selecting?: string
}

/**
 * The declared policy, or what the rules of the apex host say, without subsets: one for all clients and one for each rule
 * with a workloadSelector. Of several for all clients Istio takes the policy of the oldest that has one. `rules`: all of
 * the Rollout's namespace; those of other namespaces are listed before a release begins.
 */
export function policiesOf(target: RouteTarget, rules: DestinationRule[]): Policy[] {
  const { trafficPolicy } = target.router.istio
  if (trafficPolicy) return [{ spec: { trafficPolicy }, owner: 'spec.router.istio.trafficPolicy' }]
  const { apex } = hostsOf(target)
  const ofApex = rules
    .filter(({ metadata, spec }) => !(LABEL.revision in (metadata.labels ?? {})) && hostOf(spec, target) === apex)
    .toSorted((a, b) => ageOf(a).localeCompare(ageOf(b)))
  const forAll = ofApex.filter(({ spec }) => spec.workloadSelector === undefined)
  const main = forAll.find(({ spec }) => spec['trafficPolicy'] !== undefined) ?? forAll[0]
  const selecting = ofApex.filter(({ spec }) => spec.workloadSelector !== undefined)
  return [...(main ? [main] : []), ...selecting].flatMap((rule) => {
    const { subsets: _subsets, host: _host, ...spec } = rule.spec
    const { name } = rule.metadata
    const owner = `trafficPolicy of DestinationRule ${name}`
    if (Object.keys(spec).length === 0) return []
    return rule === main ? { spec, owner } : { spec, owner, selecting: name }
  })
}

const hostOf = ({ host }: DestinationRule['spec'], { namespace }: RouteTarget): string => fqdn(host, namespace)
const ageOf = ({ metadata }: DestinationRule): string => `${metadata.creationTimestamp ?? ''} ${metadata.name}`
