import { isDeepStrictEqual } from 'node:util'
import { hostsOf } from '../../crds/hosts.ts'
import { API_VERSION, FIELD_MANAGER, LABEL, revisionObject, sideObject } from '../../crds/names.ts'
import { DEPLOYMENTS, DESTINATION_RULES } from '../../crds/resources.ts'
import type { Revision } from '../../crds/traffic.ts'
import type { Kube, OwnerReference } from '../../kube/index.ts'
import { routeError } from '../errors.ts'
import type { RouteTarget } from '../router.ts'
import { policiesOf, type DestinationRule } from './policies.ts'

type LoadBalanced = { loadBalancer?: { consistentHash?: unknown } }
type TrafficPolicy = LoadBalanced & { portLevelSettings?: LoadBalanced[] }

/** A host of ours, and the object that is named after it. */
type Host = { revision: Revision; name: string; host: string }

/** One DestinationRule per revision host and policy of the apex host; none where nobody says anything. */
export const prepare = (kube: Kube, target: RouteTarget, revisions: Revision[]): Promise<void> =>
  align(kube, target, revisionHosts(target, revisions))

/** As `prepare`, for the side host of a revision. */
export const prepareSide = (kube: Kube, target: RouteTarget, revision: Revision): Promise<void> =>
  align(kube, target, [sideHost(target, revision)])

/** See `Router.inStep`. */
export async function inStep(kube: Kube, target: RouteTarget, revisions: Revision[]): Promise<boolean> {
  const rules = await rulesIn(kube, target)
  const sides = revisions
    .map((revision) => sideHost(target, revision))
    .filter(({ host }) => rules.some(({ spec }) => spec.host === host))
  const { missing, leaving } = difference(target, [...revisionHosts(target, revisions), ...sides], rules)
  return missing.length + leaving.length === 0
}

/** See `Router.affinity`. */
export async function affinity(kube: Kube, target: RouteTarget): Promise<string | undefined> {
  return policiesOf(target, await rulesIn(kube, target)).find(({ spec }) => {
    const { trafficPolicy } = spec as { trafficPolicy?: TrafficPolicy }
    const levels = [trafficPolicy, ...(trafficPolicy?.portLevelSettings ?? [])]
    return levels.some((level) => level?.loadBalancer?.consistentHash !== undefined)
  })?.owner
}

/** Removes what `prepare` and `prepareSide` made for these revisions. */
export async function release(kube: Kube, target: RouteTarget, revisions: Revision[]): Promise<void> {
  const rules = await rulesIn(kube, target)
  for (const rule of rules) {
    if (isOurs(rule, target) && revisions.includes(rule.metadata.labels?.[LABEL.revision] ?? '')) {
      await remove(kube, target, rule)
    }
  }
}

/** The owner of the revision's Deployment; without blockOwnerDeletion, so that no deletion waits for a rule. */
export async function ownerOf(kube: Kube, target: RouteTarget, revision: Revision): Promise<OwnerReference> {
  const ref = { resource: DEPLOYMENTS, namespace: target.namespace, name: revisionObject(target.name, revision) }
  const owner = (await kube.get(ref))?.metadata.ownerReferences?.find(({ controller }) => controller)
  if (!owner) return { apiVersion: API_VERSION, kind: 'Rollout', name: target.name, uid: target.uid }
  const { apiVersion, kind, name, uid } = owner
  return { apiVersion, kind, name, uid }
}

async function align(kube: Kube, target: RouteTarget, hosts: Host[]): Promise<void> {
  const { missing, leaving } = difference(target, hosts, await rulesIn(kube, target))
  for (const { revision, taken, ...rule } of missing) {
    if (taken) throw foreign(rule.metadata.name, target)
    const ownerReferences = [await ownerOf(kube, target, revision)]
    const whole = { ...rule, metadata: { ...rule.metadata, ownerReferences } }
    await kube.apply(DESTINATION_RULES, whole, { fieldManager: FIELD_MANAGER.objects, force: true })
  }
  for (const rule of leaving) await remove(kube, target, rule)
}

type Wanted = DestinationRule & {
  revision: Revision
  /** Somebody else has an object of that name. */
  taken: boolean
}

/** What is to be written and what is to go, so that these hosts have what the apex host has. */
function difference(target: RouteTarget, hosts: Host[], rules: DestinationRule[]) {
  const wanted = hosts.flatMap((host) => wantedFor(target, host, rules))
  const names = wanted.map(({ metadata }) => metadata.name)
  return {
    missing: wanted.filter(({ taken, metadata, spec }) => {
      const live = rules.find((rule) => rule.metadata.name === metadata.name)
      return taken || !live || !isDeepStrictEqual(live.spec, spec)
    }),
    leaving: rules.filter(
      (rule) =>
        isOurs(rule, target) &&
        hosts.some(({ host }) => rule.spec.host === host) &&
        !names.includes(rule.metadata.name),
    ),
  }
}

const wantedFor = (target: RouteTarget, { revision, name, host }: Host, rules: DestinationRule[]): Wanted[] =>
  policiesOf(target, rules).map(({ spec, selecting }) => {
    const object = selecting === undefined ? name : `${name}.${selecting}`.slice(0, 253).replace(/[-.]+$/, '')
    const live = rules.find((rule) => rule.metadata.name === object)
    return {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: {
        name: object,
        namespace: target.namespace,
        labels: { [LABEL.rollout]: target.name, [LABEL.revision]: revision, [LABEL.managedBy]: 'sluice' },
      },
      spec: { ...spec, host },
      revision,
      taken: live !== undefined && !isOurs(live, target),
    }
  })

function revisionHosts(target: RouteTarget, revisions: Revision[]): Host[] {
  const hosts = hostsOf(target)
  return revisions.map((revision) => ({
    revision,
    name: revisionObject(target.name, revision),
    host: hosts.of(revision),
  }))
}

const sideHost = (target: RouteTarget, revision: Revision): Host => ({
  revision,
  name: sideObject(target.name, revision),
  host: hostsOf(target).side(revision),
})

const rulesIn = async (kube: Kube, { namespace }: RouteTarget): Promise<DestinationRule[]> =>
  (await kube.list<DestinationRule>(DESTINATION_RULES, { namespace })).items

const isOurs = ({ metadata }: DestinationRule, { name }: RouteTarget): boolean =>
  metadata.labels?.[LABEL.rollout] === name

async function remove(kube: Kube, { namespace }: RouteTarget, { metadata }: DestinationRule): Promise<void> {
  const ref = { resource: DESTINATION_RULES, namespace, name: metadata.name }
  await kube.delete(ref, metadata.uid ? { uid: metadata.uid } : {})
}

const foreign = (rule: string, { name }: RouteTarget): Error =>
  routeError('ForeignObject', `DestinationRule ${rule} exists and is not of Rollout ${name}; rename or delete it`)
