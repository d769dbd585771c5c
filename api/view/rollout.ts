import { findCondition } from '../../crds/conditions.ts'
import { PROVENANCE } from '../../crds/names.ts'
import { needOf } from '../../crds/need.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { Rollout, RolloutStatus } from '../../crds/schema/rollout.ts'
import { currentRelease, type Sight } from '../sight.ts'
import type { RolloutView } from '../views.ts'

/** One line of the fleet. */
export function rolloutView(sight: Pick<Sight, 'rollout' | 'releases'>): RolloutView {
  const { metadata, status = {} } = sight.rollout
  const { namespace = '', name, generation = 0 } = metadata
  const release = currentRelease(sight)
  const need = needOf(sight.rollout.status)
  const number = status.release ?? status.lastRelease?.number
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    phase: phaseOf(status),
    message: messageOf(status),
    ...(need === undefined ? {} : { need }),
    ...pick(status, ['gate', 'pausedBy', 'hold', 'stable', 'canary', 'step']),
    weight: status.weight ?? 0,
    ...(number === undefined ? {} : { release: number }),
    images: imagesOf(sight.rollout, release),
    ...origin(sight.rollout, release),
    since: sinceOf(sight.rollout, release),
    generation,
  }
}

/** The state in one word: a stall says more than Ready does, and a release that was taken back is called by its outcome. */
function phaseOf({ conditions }: RolloutStatus): string {
  const reason = findCondition(conditions, 'Stalled')?.reason ?? findCondition(conditions, 'Ready')?.reason ?? 'Pending'
  return reason === 'AnalysisFailed' ? 'RolledBack' : reason
}

function messageOf({ conditions, message }: RolloutStatus): string {
  const stalled = findCondition(conditions, 'Stalled')
  const told = message ?? findCondition(conditions, 'Ready')?.message ?? 'The engine has not looked at it yet'
  return stalled && !ENDINGS.has(stalled.reason) ? stalled.message : told
}

/** A stall that only says again how the last release ended: the message has the numbers. */
const ENDINGS = new Set(['AnalysisFailed', 'Aborted'])

type Container = { image?: string }
type PodSpec = { initContainers?: Container[]; containers?: Container[] }

function imagesOf({ spec }: Rollout, release: Release | undefined): string[] {
  const pod = spec.template?.spec as PodSpec | undefined
  const declared = [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].flatMap(({ image }) => image ?? [])
  return declared.length > 0 ? declared : (release?.spec.provenance.images ?? [])
}

/** As the release has kept it; before there is one, as the declaration says it. */
function origin({ metadata: { annotations = {} } }: Rollout, release: Release | undefined) {
  const { commit = annotations[PROVENANCE.commit], author = annotations[PROVENANCE.author] } =
    release?.spec.provenance ?? {}
  return { ...(commit ? { commit } : {}), ...(author ? { author } : {}) }
}

/** The last time anything happened: conditions that stay what they are keep their time while steps go on. */
function sinceOf({ metadata, status }: Rollout, release: Release | undefined): string {
  const times = [
    metadata.creationTimestamp,
    ...(status?.conditions ?? []).map(({ lastTransitionTime }) => lastTransitionTime),
    release?.status?.startedAt,
    release?.status?.timeline?.at(-1)?.at,
  ].flatMap((time) => (time === undefined ? [] : [Date.parse(time)]))
  return new Date(Math.max(0, ...times.filter(Number.isFinite))).toISOString()
}

function pick<T extends object, K extends keyof T>(from: T, keys: K[]): Pick<T, K> {
  return Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]])) as Pick<T, K>
}
