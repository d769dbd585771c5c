import type { OpenRelease, Picture } from '../activities/picture.ts'
import { isRejected } from '../crds/outcome.ts'
import type { Ending } from './back.ts'
import type { Carried, CarriedRelease } from './contract.ts'
import { driftOf } from './drift.ts'

export type Task =
  | { kind: 'nothing' }
  /** At rest, but something is not as declared: size, a route left behind, a rejected revision that was withdrawn. */
  | { kind: 'settle'; why: string }
  /** Nothing serves yet (or nothing that is ready): the declared revision goes to 100 when it is ready. */
  | { kind: 'install'; number: number; replaces?: string; because?: string }
  /**
   * `returns`: what is declared served before, and needs no gates. `leaves`: a person goes back to `revision`, whatever
   * is declared, and leaves what the release of this number brought.
   */
  | {
      kind: 'release'
      number: number
      stable: string
      revision?: string
      resume?: OpenRelease
      returns?: true
      leaves?: number
      because?: string
    }
  /** The promotion was committed on the route before the last run ended. */
  | { kind: 'finish'; open: OpenRelease }
  /** It took over from a stable without pods, and the last run of this chain was still looking after it. */
  | { kind: 'lookAfter'; open: OpenRelease }
  /** The Rollout goes, and what it took over, or what a person keeps, serves on. */
  | { kind: 'handBack' }
  /** A release was left open that must not go on. */
  | { kind: 'goBack'; open: OpenRelease; stable: string; ending: Ending }

/** What is to be done, from what is really there: the first run, a recovery and a continued run are one path. */
export function taskFor(picture: Picture, carried?: Carried): Task {
  const { open, declared, stable } = picture
  if (picture.deleting && picture.toBeHandedBack) return { kind: 'handBack' }
  if (picture.deleting)
    return picture.route.atRest ? { kind: 'nothing' } : { kind: 'settle', why: 'the Rollout is being deleted' }
  if (open) return taskForOpen(picture, open, carried?.release)
  if (declared.isStable || declared.rejected) return taskAtRest(picture)
  const number = Math.max(picture.nextNumber, (carried?.lastNumber ?? 0) + 1)
  if (stable === undefined) return { kind: 'install', number }
  if (picture.stableReady === 0) return { kind: 'install', number, replaces: stable }
  return { kind: 'release', number, stable, ...(declared.returns ? { returns: true } : {}) }
}

function taskForOpen(picture: Picture, open: OpenRelease, carried?: CarriedRelease): Task {
  const { declared, stable, route } = picture
  if (stable === open.revision) {
    const isLookedAfter = carried?.number === open.number && carried.afterwards !== undefined
    return { kind: isLookedAfter ? 'lookAfter' : 'finish', open }
  }
  if (stable === undefined || open.from === undefined) {
    return { kind: 'install', number: declared.revision === open.revision ? open.number : picture.nextNumber }
  }
  if (carried?.ending && carried.number === open.number) return { kind: 'goBack', open, stable, ending: carried.ending }
  const back = (outcome: Ending['outcome'], sentence: string): Task => ({
    kind: 'goBack',
    open,
    stable,
    ending: { outcome, sentence },
  })
  if (route.record?.aborted === open.number) return back('Aborted', abortedOnRoute(open.number))
  if (open.leaves !== undefined) return { kind: 'release', number: open.number, stable, resume: open }
  if (declared.isStable) return back('Withdrawn', reverted(open.number, stable))
  if (declared.revision !== open.revision && !waitsItsTurn(picture))
    return back('Superseded', superseded(open.number, declared.revision))
  if (picture.stableReady === 0 && route.atRest) return { kind: 'install', number: open.number, replaces: stable }
  return { kind: 'release', number: open.number, stable, resume: open }
}

/** Another revision that is declared begins when this release has ended. What mends a stable without pods does not wait. */
export const waitsItsTurn = ({ onNewRevision, stableReady }: Picture): boolean =>
  onNewRevision === 'queue' && stableReady > 0

function taskAtRest(picture: Picture): Task {
  const { declared, stable, last, route } = picture
  if (!route.atRest) return { kind: 'settle', why: 'the route was left on revision hosts' }
  if (route.drifted) return { kind: 'settle', why: 'the VirtualService is not as declared' }
  if (declared.isStable && declared.restart) return { kind: 'settle', why: 'a restart is declared' }
  if (declared.unnoted) return { kind: 'settle', why: 'what the configs of stable contain is not known' }
  const serving = picture.revisions.find((state) => state.revision === stable)
  if (serving && serving.replicas !== picture.replicas)
    return { kind: 'settle', why: `${picture.replicas} replicas are declared` }
  const rejected = last !== undefined && isRejected(last)
  if (declared.isStable && rejected) return { kind: 'settle', why: 'the rejected revision was withdrawn' }
  const drift = driftOf(picture)
  if (drift !== undefined) return { kind: 'settle', why: drift }
  if (picture.unsettled) return { kind: 'settle', why: 'the status still says that a release is under way' }
  return { kind: 'nothing' }
}

export const abortedOnRoute = (release: number): string =>
  `Aborted: release ${release} was rolled back on the route itself (rollback --direct)`
export const reverted = (release: number, stable: string): string =>
  `Withdrawn: release ${release} was taken back, ${stable} is declared again`
export const superseded = (release: number, revision: string): string =>
  `Superseded: release ${release} makes way for revision ${revision}`
