import { parseDuration } from '../crds/duration.ts'
import { isRejected } from '../crds/outcome.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { parseFence, type Aside, type Revision } from '../crds/traffic.ts'
import type { Observed } from '../router/router.ts'
import { isToBeHandedBack } from '../workload/adoption-finalizer.ts'
import type { Declared } from '../workload/declared.ts'
import { isLaterRestart, RESTARTED_AT, sameSource, snapshotOf } from '../workload/revision.ts'
import type { RevisionState } from '../workload/workload.ts'
import { declaredOrNot, isSourceOf, isToBeNoted } from './declared.ts'
import type { Deps } from './deps.ts'
import { areDestinationsBehind } from './destinations.ts'
import type { OpenRelease, Picture, RolloutRef, Settings } from './picture.ts'
import { heldNow } from './holding.ts'
import { previousOf, returnOf, supersessions } from './returning.ts'
import { getRollout, releasesOf, routeTarget } from './rollouts.ts'

export type ObserveInput = {
  ref: RolloutRef
  release?: number
  /** What the release has written beside the weights. */
  aside?: Aside
}

/** Looks at Rollout, Releases, route and pods. Undefined when the Rollout is gone. */
export async function observe(deps: Deps, input: ObserveInput): Promise<Picture | undefined> {
  const rollout = await getRollout(deps.kube, input.ref)
  if (!rollout) return undefined
  const target = routeTarget(rollout)
  const releases = await releasesOf(deps.kube, input.ref)
  const [source, route, revisions, adoption, held] = await Promise.all([
    declaredOrNot(deps, rollout, releases),
    deps.router.observe(target, input.aside),
    deps.workload.revisions(input.ref),
    deps.workload.adoption(rollout),
    heldNow(deps, rollout),
  ])
  const stable = ownStable(route, target.uid) ?? rollout.status?.stable
  const open = openRelease(releases)
  return {
    ref: input.ref,
    target,
    ...wishes(rollout),
    supersessions: supersessions(releases),
    declared: source
      ? {
          ...declared({ rollout, source, releases, route, stable }),
          restart: restartOf(source, revisions, stable),
          ...returning({ rollout, source, releases, revisions, stable }),
        }
      : { ...nothingDeclared(open), restart: false },
    ...serving({ rollout, releases, revisions, stable }),
    route,
    ...((await areDestinationsBehind(deps, target, open)) ? { destinationsBehind: true as const } : {}),
    ...(open ? { open } : {}),
    ...(rollout.status?.lastRelease ? { last: rollout.status.lastRelease } : {}),
    nextNumber: nextNumber(rollout, releases, route),
    nextSeq: nextSeq(route, target.uid, input.release ?? open?.number),
    revisions,
    ...(adoption ? { adoption } : {}),
    ...(held ? { held } : {}),
    ...(isToBeHandedBack(rollout) ? { toBeHandedBack: true } : {}),
    settings: settings(rollout),
  }
}

function serving({
  rollout,
  ...seen
}: Omit<Seen, 'route' | 'source'> & { revisions: RevisionState[] }): Pick<
  Picture,
  'stable' | 'stableReady' | 'previous'
> {
  const { stable, revisions } = seen
  const previous = previousOf({ ...seen, rollbackWindow: rollout.spec.rollbackWindow })
  return {
    ...(stable ? { stable } : {}),
    ...(previous === undefined ? {} : { previous }),
    stableReady: revisions.find((state) => state.revision === stable)?.ready ?? 0,
  }
}

const wishes = ({
  metadata,
  spec,
  status,
}: Rollout): Pick<Picture, 'generation' | 'deleting' | 'replicas' | 'suspend' | 'onNewRevision' | 'unsettled'> => ({
  generation: metadata.generation ?? 0,
  deleting: metadata.deletionTimestamp !== undefined,
  replicas: spec.replicas,
  suspend: spec.suspend,
  onNewRevision: spec.onNewRevision,
  unsettled: status?.conditions?.some((condition) => condition.type === 'Reconciling') ?? false,
})

/** What is under way goes on: it has all it needs. Nothing else begins. */
const nothingDeclared = (open: OpenRelease | undefined): Omit<Picture['declared'], 'restart'> => ({
  revision: open?.revision ?? '',
  isStable: false,
  rejected: open === undefined,
})

/** A record that an earlier Rollout of this name left on the route names pods that went with it. */
const ownStable = ({ record }: Observed, uid: string): string | undefined =>
  record && parseFence(record.fence).uid === uid ? record.stable : undefined

type Seen = { rollout: Rollout; source: Declared; releases: Release[]; route: Observed; stable: string | undefined }

function declared({ rollout, source, releases, route, stable }: Seen): Omit<Picture['declared'], 'restart'> {
  const isStable = isSourceOf(stable, source, releases)
  const last = rollout.status?.lastRelease
  const refused = releases.find((release) => release.spec.number === last?.number)
  const again = refused ? sameSource(snapshotOf(refused), source) : last?.revision === source.revision
  const isAborted = last !== undefined && last.since === undefined && route.record?.aborted === last.number
  const rejected = last !== undefined && (isRejected(last) || isAborted) && again
  return {
    revision: isStable && stable !== undefined ? stable : nameOf(source, releases.at(-1)),
    isStable,
    rejected,
    ...(isStable && isToBeNoted(stable, releases) ? { unnoted: true } : {}),
  }
}

/** Another engine may have given what is under way another name. */
const nameOf = ({ revision, ...source }: Declared, newest: Release | undefined): Revision =>
  newest && newest.status?.outcome === undefined && sameSource(snapshotOf(newest), source)
    ? newest.spec.revision
    : revision

function returning({
  rollout,
  ...seen
}: Omit<Seen, 'route'> & { revisions: RevisionState[] }): Pick<Picture['declared'], 'returns'> {
  const returns = returnOf({ ...seen, rollbackWindow: rollout.spec.rollbackWindow })
  return returns ? { returns } : {}
}

function restartOf({ template }: Declared, revisions: RevisionState[], stable: string | undefined): boolean {
  const wanted = template.metadata?.annotations?.[RESTARTED_AT]
  const serving = revisions.find((state) => state.revision === stable)
  return serving !== undefined && isLaterRestart(wanted, serving.restartedAt)
}

function openRelease(releases: Release[]): OpenRelease | undefined {
  const newest = releases.at(-1)
  if (!newest || newest.status?.outcome !== undefined) return undefined
  const { number, revision, from, plan } = newest.spec
  return {
    number,
    revision,
    ...(from ? { from } : {}),
    epoch: newest.status?.epoch ?? 0,
    stepIndex: newest.status?.stepIndex ?? 0,
    ...(plan.leaves === undefined ? {} : { leaves: plan.leaves }),
  }
}

const nextNumber = (rollout: Rollout, releases: Release[], route: Observed): number =>
  Math.max(
    rollout.status?.lastRelease?.number ?? 0,
    route.record?.release ?? 0,
    ...releases.map((release) => release.spec.number),
  ) + 1

function nextSeq(route: Observed, uid: string, release: number | undefined): number {
  if (!route.record) return 0
  const fence = parseFence(route.record.fence)
  return fence.uid === uid && (release === undefined || fence.release === release) ? fence.seq : 0
}

function settings({ spec }: Rollout): Settings {
  return {
    settleMs: parseDuration(spec.router.settle),
    scaleDownDelayMs: parseDuration(spec.scaleDownDelay),
    abortScaleDownDelayMs: parseDuration(spec.abortScaleDownDelay),
    drainMs: parseDuration(spec.drain),
    progressDeadlineMs: parseDuration(spec.progressDeadline),
    ...(spec.router.onForeignEdit === 'hold' ? { onForeignEdit: spec.router.onForeignEdit } : {}),
    ...(spec.notify ? { notify: spec.notify } : {}),
  }
}
