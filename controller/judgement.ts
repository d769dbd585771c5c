import { findCondition, stallAfter, type Stall } from '../crds/conditions.ts'
import { revisionObject } from '../crds/names.ts'
import { isRejected } from '../crds/outcome.ts'
import { ownedRouting, servesAs } from '../crds/owned-route.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { KubeObject } from '../kube/index.ts'
import type { ConfigLookup } from '../workload/config-tracking.ts'
import { keyOfApex } from '../workload/adoption-apex.ts'
import { isAdopted, sizeOf } from '../workload/adoption-workload.ts'
import { declaredBy, NotDeclared, type Declared, type DeclaredDeployment } from '../workload/declared.ts'
import type { Service } from '../workload/objects.ts'
import { isLaterRestart, RESTARTED_AT } from '../workload/revision.ts'
import type { Cached } from './bystanders.ts'
import { declarationOf, type Declaration, type ReleaseRecord } from './declaration.ts'
import type { RouteNote } from './routes.ts'
import { problemOf, type Surroundings } from './validity.ts'

export type Deployment = KubeObject & {
  spec?: { replicas?: number; template?: { metadata?: { annotations?: Record<string, string> } } }
}

/** Everything a judgement is made of; all of it comes from caches. */
export type View = Surroundings & {
  rollout: Rollout
  releases: ReleaseRecord[]
  deployment: (name: string) => Deployment | undefined
  /** The annotations of the VirtualServices that the Rollout names. */
  notes: RouteNote[]
  /** What DestinationRules say about the apex host, as a text. */
  rules: string
  /** Objects of others that are known already. */
  cached: () => Cached
  configs: ConfigLookup
  /** What `workloadRef` and `service` name; nothing in `template` form. */
  adopted: { deployment?: DeclaredDeployment | undefined; service?: Service | undefined }
  /** Why it makes no forward move although nothing is wrong with it, as a sentence. */
  held: string | undefined
  /** Others' edits of them and of the preview so far, as counted by `RouteSights`. */
  edits: number
}

export type Judgement =
  | { kind: 'invalid'; message: string }
  | ({ kind: 'look' } & Look)
  | { kind: 'rest'; stall?: { reason: Stall; message: string } }

export type Look = {
  /** A release is under way: there has to be a run, and it has to move. */
  underWay: boolean
  reason: string
  /** A release is to begin. */
  begins?: true
  /** The same facts need not be told to the run twice. */
  facts: string
  /** Why nothing newer can be run from what is declared. */
  invalid?: string
}

/** Level-based and pure: that something must happen, never how. */
export function judge(view: View): Judgement {
  const { rollout } = view
  if (findCondition(rollout.status?.conditions, 'Reconciling')) return aroundRun(view)
  const message = problemOf(rollout, view)
  if (message !== undefined) return { kind: 'invalid', message }
  const source = sourceOf(view)
  if (typeof source === 'string') return sizeToFollow(view) ?? { kind: 'invalid', message: source }
  const declared = declarationOf(rollout, source, view.releases)
  return (
    whatIsToDo(view, declared) ??
    restartToFollow(view, source, declared) ?? { kind: 'rest', ...stallOf(rollout, declared) }
  )
}

/** Or why nothing can be run from it. */
function sourceOf({ rollout, configs, adopted }: View): Declared | string {
  try {
    return declaredBy(rollout, { configs, deployment: adopted.deployment })
  } catch (error) {
    if (error instanceof NotDeclared) return error.message
    throw error
  }
}

function aroundRun(view: View): Judgement {
  const { rollout, notes, edits, rules, held } = view
  const source = sourceOf(view)
  const aborted = notes.map((note) => note.aborted ?? '-').join(',')
  const facts = `generation ${rollout.metadata.generation}, edits ${edits}, aborted ${aborted}, rules ${rules}, held ${held ?? '-'}, declared ${typeof source === 'string' ? 'nothing' : source.revision}${adoptionFacts(view)}`
  return {
    kind: 'look',
    underWay: true,
    reason: 'something changed around the release',
    facts,
    ...(typeof source === 'string' ? { invalid: source } : {}),
  }
}

function whatIsToDo(view: View, declared: Declaration): Judgement | undefined {
  const { rollout, notes } = view
  const { status } = rollout
  if (!declared.isStable && !declared.rejected) {
    return { ...look('another revision is declared', declared.revision), begins: true }
  }
  const last = status?.lastRelease
  if (declared.isStable && last && isRejected(last)) {
    return look('the rejected revision was withdrawn', `release ${last.number}`)
  }
  if (declared.isUnnoted) return look('what the configs of stable contain is not known', status?.stable ?? '')
  const left = notes.find((note) => !note.atRest)
  if (left) return look('the route was left on revision hosts', left.fence)
  const other = notes.find((note) => note.stable !== status?.stable)
  if (other) return look('the route names another stable revision', other.fence)
  return sizeToFollow(view) ?? driftToMend(view) ?? ownRouteToMend(view)
}

/** The VirtualService of `router.istio.host`. */
function ownRouteToMend({ rollout, virtualService }: View): Judgement | undefined {
  const { metadata, spec } = rollout
  const { namespace = '', name } = metadata
  const { istio } = spec.router
  const wanted = istio && ownedRouting({ namespace, service: spec.service, router: { istio } })
  if (!wanted) return undefined
  const live = virtualService(namespace, name)
  if (live?.spec && servesAs(live.spec, wanted)) return undefined
  return look('the VirtualService is not as declared', live ? JSON.stringify([wanted.hosts, wanted.gateways]) : 'gone')
}

/** What serves is scaled whatever else is declared. */
function sizeToFollow({ rollout, deployment }: View): Judgement | undefined {
  const { status, spec, metadata } = rollout
  const serving = status?.stable && deployment(revisionObject(metadata.name, status.stable))
  const size = serving ? (serving.spec?.replicas ?? 1) : spec.replicas
  return size === spec.replicas ? undefined : look('another size is declared', `${size} to ${spec.replicas}`)
}

/** `kubectl rollout restart` is no release: the pods that serve are made anew. */
function restartToFollow(
  { rollout, deployment }: View,
  source: Declared,
  { isStable }: Declaration,
): Judgement | undefined {
  const { stable } = rollout.status ?? {}
  const serving = stable && isStable ? deployment(revisionObject(rollout.metadata.name, stable)) : undefined
  const wanted = source.template.metadata?.annotations?.[RESTARTED_AT]
  if (!serving || wanted === undefined || !isLaterRestart(wanted, restartOf(serving))) return undefined
  return look('a restart is declared', wanted)
}

export const restartOf = ({ spec }: Deployment): string | undefined =>
  spec?.template?.metadata?.annotations?.[RESTARTED_AT]

/** Somebody else wrote what the engine keeps of an adopted workload. */
function driftToMend({ rollout, adopted: { deployment, service } }: View): Judgement | undefined {
  const { stable } = rollout.status ?? {}
  if (!rollout.spec.workloadRef || !deployment || stable === undefined) return undefined
  const key = keyOfApex(service)
  if (service && key !== stable)
    return look('the apex Service does not select stable', `${key} in ${service.metadata.resourceVersion}`)
  const size = sizeOf(deployment)
  if (isAdopted(deployment, rollout) && size === 0) return undefined
  return look('the adopted Deployment has pods of its own', `${size} in generation ${deployment.metadata.generation}`)
}

/** A run is told of everything that may end its release. */
function adoptionFacts({ rollout, adopted: { deployment, service } }: View): string {
  if (!rollout.spec.workloadRef) return ''
  return `, adopted ${deployment ? sizeOf(deployment) : 'nothing'}, apex ${keyOfApex(service) ?? '-'}`
}

const look = (reason: string, detail: string): { kind: 'look' } & Look => ({
  kind: 'look',
  underWay: false,
  reason,
  facts: `${reason}: ${detail}`,
})

function stallOf({ status }: Rollout, declared: Declaration): { stall?: { reason: Stall; message: string } } {
  const last = status?.lastRelease
  const reason = stallAfter(last, declared.rejected && last ? last.revision : '')
  if (!reason || !last) return {}
  const message = status.message ?? `Release ${last.number} of revision ${last.revision} ended: ${last.outcome}`
  return { stall: { reason, message } }
}
