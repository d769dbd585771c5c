import { releaseConditions } from '../crds/conditions.ts'
import { LABEL } from '../crds/names.ts'
import { isRejected, type Ended, type Outcome } from '../crds/outcome.ts'
import { RELEASES } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import { declaredOrNot, isSourceOf, isToBeNoted, releaseOf } from './declared.ts'
import type { Deps } from './deps.ts'
import type { Picture } from './picture.ts'
import { isForeign } from './refusal.ts'
import { applyStatus } from './report.ts'
import { getRollout, releasesOf } from './rollouts.ts'

/** Nothing is to be released: route, size and status are made to say so. */
export async function settle(deps: Deps, input: { picture: Picture }): Promise<void> {
  const { ref, target, route, stable, declared, nextNumber, nextSeq, replicas } = input.picture
  const rollout = await getRollout(deps.kube, ref)
  const lives = rollout !== undefined && rollout.metadata.deletionTimestamp === undefined
  const refusal = lives && stable !== undefined ? await pointApex(deps, rollout, stable) : undefined
  if (!route.atRest && route.found) {
    await deps.router.restore(target, { uid: target.uid, release: nextNumber - 1, seq: nextSeq + 1 })
  }
  if (!lives || stable === undefined) return
  if (route.drifted) await deps.router.own(target, stable)
  const serves = input.picture.revisions.some((state) => state.revision === stable)
  if (serves && declared.restart) await restart(deps, rollout, { ref, stable, replicas })
  if (serves) await deps.workload.scale(rollout, stable, replicas)
  if (declared.unnoted) await noteConfigs(deps, rollout, { ref, stable })
  await applyStatus(deps, ref, await settled(deps, input.picture, stable, refusal))
}

/** What is declared may have changed since the look: then it is another revision's, which is for the next look to say. */
async function restart(
  deps: Deps,
  rollout: Rollout,
  { ref, stable, replicas }: Pick<Picture, 'ref' | 'replicas'> & { stable: Revision },
): Promise<void> {
  const releases = await releasesOf(deps.kube, ref)
  const source = await declaredOrNot(deps, rollout, releases)
  if (!source || !isSourceOf(stable, source, releases)) return
  await deps.workload.ensureRevision(rollout, stable, source, replicas)
}

/** An engine that did not look at configs released it: what they contain now is what the next change is seen against. */
async function noteConfigs(
  deps: Deps,
  rollout: Rollout,
  { ref, stable }: Pick<Picture, 'ref'> & { stable: Revision },
): Promise<void> {
  const releases = await releasesOf(deps.kube, ref)
  const source = await declaredOrNot(deps, rollout, releases)
  const release = releaseOf(stable, releases)
  if (!source || !release || !isToBeNoted(stable, releases) || !isSourceOf(stable, source, releases)) return
  const { name, namespace = '', resourceVersion } = release.metadata
  const patch = { metadata: { resourceVersion }, status: { configs: source.configs } }
  await deps.kube.mergePatch({ resource: RELEASES, namespace, name }, patch, { subresource: 'status' })
}

/** Why the apex is left alone, if it is somebody else's: that keeps nothing else from coming to rest. */
async function pointApex({ workload }: Deps, rollout: Rollout, stable: string): Promise<string | undefined> {
  try {
    await workload.pointApex(rollout, stable)
    return undefined
  } catch (error) {
    if (!isForeign(error)) throw error
    return error.message
  }
}

async function settled(
  deps: Deps,
  picture: Picture,
  stable: string,
  refusal: string | undefined,
): Promise<Parameters<typeof applyStatus>[2]> {
  const rollout = await getRollout(deps.kube, picture.ref)
  const { last, declared } = picture
  const since = last && sequelOf(last, picture)
  const aborted = last !== undefined && since === 'abortedOnRoute'
  const outcome: Outcome = aborted || since === 'rolledBack' ? 'Aborted' : (last?.outcome ?? 'Promoted')
  const said = aborted ? `Release ${last.number} was rolled back on the route itself` : (rollout?.status?.message ?? '')
  const message = refusal ?? (declared.isStable ? `Revision ${stable} serves all of the traffic` : said)
  const revisions = await deps.workload.revisions(picture.ref)
  return {
    conditions: releaseConditions({
      phase: declared.isStable ? 'Promoted' : outcome,
      message,
      generation: picture.generation,
      at: deps.now(),
      previous: rollout?.status?.conditions,
    }),
    observedGeneration: picture.generation,
    replicas: revisions.reduce((sum, state) => sum + state.replicas, 0),
    selector: `${LABEL.rollout}=${picture.ref.name}`,
    message,
    stable,
    weight: 0,
    ...(last ? { lastRelease: { ...last, ...(since ? { since } : {}) } } : {}),
  }
}

/** The outcome of a release is final; what became of it since is another matter. */
function sequelOf(
  last: NonNullable<Picture['last']>,
  { declared, route }: Pick<Picture, 'declared' | 'route'>,
): Ended['since'] {
  if (declared.isStable) return isRejected(last) ? 'withdrawn' : last.since
  return last.since ?? (route.record?.aborted === last.number ? 'abortedOnRoute' : undefined)
}
