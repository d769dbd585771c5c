import { fqdn, hostsOf } from '../../crds/hosts.ts'
import { API_VERSION, FIELD_MANAGER, LABEL, revisionObject, sideObject } from '../../crds/names.ts'
import { DEPLOYMENTS, DESTINATION_RULES } from '../../crds/resources.ts'
import type { Revision } from '../../crds/traffic.ts'
import type { Kube, KubeObject, OwnerReference } from '../../kube/index.ts'
import { routeError } from '../errors.ts'
import type { RouteTarget } from '../router.ts'

type DestinationRule = KubeObject & {
  spec: { host: string; workloadSelector?: unknown; subsets?: unknown } & Record<string, unknown>
}

type LoadBalanced = { loadBalancer?: { consistentHash?: unknown } }
type TrafficPolicy = LoadBalanced & { portLevelSettings?: LoadBalanced[] }

/** One DestinationRule per revision host: the declared policy, or what the apex host's has; none where neither says anything. */
export async function prepare(kube: Kube, target: RouteTarget, revisions: Revision[]): Promise<void> {
  const hosts = hostsOf(target)
  const rules = revisions.map((revision) => ({
    revision,
    name: revisionObject(target.name, revision),
    host: hosts.of(revision),
  }))
  await ensureRules(kube, target, rules)
}

/** As `prepare`, for the side host of a revision. */
export async function prepareSide(kube: Kube, target: RouteTarget, revision: Revision): Promise<void> {
  const host = hostsOf(target).side(revision)
  await ensureRules(kube, target, [{ revision, name: sideObject(target.name, revision), host }])
}

type Rule = { revision: Revision; name: string; host: string }

async function ensureRules(kube: Kube, target: RouteTarget, rules: Rule[]): Promise<void> {
  const policy = (await policyFor(kube, target))?.policy
  if (policy === undefined) return
  const { namespace, name } = target
  for (const { revision, host, ...rule } of rules) {
    const object = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: {
        name: rule.name,
        namespace,
        labels: { [LABEL.rollout]: name, [LABEL.revision]: revision, [LABEL.managedBy]: 'sluice' },
        ownerReferences: [await ownerOf(kube, target, revision)],
      },
      spec: { ...policy, host },
    }
    await refuseForeign(kube, target, rule.name)
    await kube.apply(DESTINATION_RULES, object, { fieldManager: FIELD_MANAGER.objects, force: true })
  }
}

/** See `Router.affinity`. */
export async function affinity(kube: Kube, target: RouteTarget): Promise<string | undefined> {
  const found = await policyFor(kube, target)
  const { trafficPolicy } = (found?.policy ?? {}) as { trafficPolicy?: TrafficPolicy }
  const levels = [trafficPolicy, ...(trafficPolicy?.portLevelSettings ?? [])]
  return levels.some((level) => level?.loadBalancer?.consistentHash !== undefined) ? found?.owner : undefined
}

/** Removes what `prepare` made for these revisions. */
export async function release(kube: Kube, { namespace, name }: RouteTarget, revisions: Revision[]): Promise<void> {
  const labelSelector = `${LABEL.rollout}=${name},${LABEL.managedBy}=sluice`
  const { items } = await kube.list<DestinationRule>(DESTINATION_RULES, { namespace, labelSelector })
  for (const { metadata } of items) {
    if (!revisions.includes(metadata.labels?.[LABEL.revision] ?? '')) continue
    const ref = { resource: DESTINATION_RULES, namespace, name: metadata.name }
    await kube.delete(ref, metadata.uid ? { uid: metadata.uid } : {})
  }
}

async function refuseForeign(kube: Kube, { namespace, name }: RouteTarget, rule: string): Promise<void> {
  const live = await kube.get<DestinationRule>({ resource: DESTINATION_RULES, namespace, name: rule })
  if (!live || live.metadata.labels?.[LABEL.rollout] === name) return
  throw routeError('ForeignObject', `DestinationRule ${rule} exists and is not of Rollout ${name}; rename or delete it`)
}

type Policy = { policy: Record<string, unknown>; owner: string }

async function policyFor(kube: Kube, target: RouteTarget): Promise<Policy | undefined> {
  const { trafficPolicy } = target.router.istio
  if (trafficPolicy) return { policy: { trafficPolicy }, owner: 'spec.router.istio.trafficPolicy' }
  const { items } = await kube.list<DestinationRule>(DESTINATION_RULES, { namespace: target.namespace })
  const { apex } = hostsOf(target)
  const ofApex = items.filter(({ spec }) => fqdn(spec.host, target.namespace) === apex)
  // One for selected clients comes second: revision hosts have room for one only.
  const [rule] = ofApex.sort((a, b) => Number('workloadSelector' in a.spec) - Number('workloadSelector' in b.spec))
  if (!rule) return undefined
  const { subsets: _subsets, host: _host, ...policy } = rule.spec
  const owner = `trafficPolicy of DestinationRule ${rule.metadata.name}`
  return Object.keys(policy).length === 0 ? undefined : { policy, owner }
}

/** The owner of the revision's Deployment; without blockOwnerDeletion, so that no deletion waits for a rule. */
export async function ownerOf(kube: Kube, target: RouteTarget, revision: Revision): Promise<OwnerReference> {
  const ref = { resource: DEPLOYMENTS, namespace: target.namespace, name: revisionObject(target.name, revision) }
  const owner = (await kube.get(ref))?.metadata.ownerReferences?.find(({ controller }) => controller)
  if (!owner) return { apiVersion: API_VERSION, kind: 'Rollout', name: target.name, uid: target.uid }
  const { apiVersion, kind, name, uid } = owner
  return { apiVersion, kind, name, uid }
}
