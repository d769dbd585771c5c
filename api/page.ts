import { DECISIONS, EVENTS, PODS, RELEASES, type ResourceDescriptor } from '../crds/resources.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Caller } from './access.ts'
import type { Parts } from './context.ts'
import { whyNotCounted } from './deciding.ts'
import { currentRelease, type Sight } from './sight.ts'
import { decisionViews } from './view/decision.ts'
import { eventViews } from './view/event.ts'
import { podViews } from './view/pod.ts'
import { releaseView } from './view/release.ts'
import { rolloutView } from './view/rollout.ts'
import type { ReleasePage, ReleaseView } from './views.ts'

type PageParts = Pick<Parts, 'ledgers' | 'workflowUrl'>

const OLD_EVENTS: ResourceDescriptor = { ...EVENTS, group: '' }

/** Everything about one Rollout that the caller may read; parts that they may not are empty. */
export async function pageOf(parts: PageParts, sight: Sight, caller: Caller): Promise<ReleasePage> {
  const { namespace = '', name } = sight.rollout.metadata
  const mayRead = (resource: ResourceDescriptor, verb: 'get' | 'list' = 'list'): Promise<boolean> =>
    caller.may({ verb, resource, namespace })
  const [releases, decisions, pods, events, may, me] = await Promise.all([
    mayRead(RELEASES, 'get'),
    mayRead(DECISIONS),
    mayRead(PODS),
    // The same objects by two names; the roles that every cluster has know the older one.
    Promise.all([mayRead(EVENTS), mayRead(OLD_EVENTS)]).then((either) => either.includes(true)),
    caller.mayEach(namespace, name),
    caller.me(),
  ])
  const rollout = rolloutView(sight)
  const current = currentRelease(sight)
  const release = releases ? current : undefined
  const whyNot = releases ? whyNotCounted(sight, me) : undefined
  return {
    rollout,
    ...(release ? { release: await wholeRelease(parts, { release, sight, caller }) } : {}),
    pods: pods ? podViews(sight.pods, shownRevisions(sight, release)) : [],
    events: events ? eventViews(sight.events) : [],
    decisions: decisions && current ? decisionViews(sight.decisions, current) : [],
    may,
    ...(whyNot === undefined ? {} : { whyNot }),
  }
}

/** With its intervals, and with the run in Temporal for the release of which there is one. */
export async function wholeRelease(
  { ledgers, workflowUrl }: PageParts,
  { release, sight, caller }: { release: Release; sight: Sight | undefined; caller: Pick<Caller, 'kube'> },
): Promise<ReleaseView> {
  const { namespace = '' } = release.metadata
  const isLatest = sight !== undefined && currentRelease(sight)?.spec.number === release.spec.number
  const rows = await ledgers.rows(release, caller.kube)
  return releaseView(release, {
    rows,
    workflowUrl: isLatest ? workflowUrl(namespace, release.spec.rollout) : undefined,
  })
}

/** Stable, and the one that is being released or was taken back last. */
function shownRevisions({ rollout: { status } }: Sight, release: Release | undefined): string[] {
  const revisions = [status?.stable, status?.canary, release?.spec.revision]
  return [...new Set(revisions.filter((revision) => revision !== undefined))]
}
