import { condition, isCancellation } from '@temporalio/workflow'
import type { Mark } from '../activities/picture.ts'
import type { Aside, Revision } from '../crds/traffic.ts'
import { asideAt, isInUse, written } from './aside.ts'
import { isWatching, watch, watchOn, type Guard } from './guard.ts'
import { carry } from './pods.ts'
import { volley } from './proxies.ts'
import { Interrupted, nextFence, type Run } from './run.ts'
import { stopOf } from './stopping.ts'
import { tell } from './telling.ts'
import { interruption, throwIfInterrupted, waitFor } from './waiting.ts'
import { isFinal } from './words.ts'

/** Holds under which no step ends and no weight rises while the canary has traffic. */
const BLOCKING = new Set(['noData', 'splitMismatch', 'localised', 'inconclusive', 'dataDeadline', 'tooManySeries'])
/** A forward write that cannot be made for so long ends the release. */
const WRITE_MS = 5 * 60_000
const VOLLEY_MS = 10_000
/** Nobody needs to hear that a run which has just taken over waits for its first row. */
const PATIENCE_MS = 60_000

/** Pods first, then the weight; `why` is what let it rise. */
export async function raise(run: Run, weight: number, why?: string): Promise<void> {
  await mayGoForward(run)
  const addedPods = await carry(run, weight)
  await mayGoForward(run)
  await shift(run, { weight, addedPods, aside: asideAt(run, weight), handOver: watch })
  run.stepped = false
  const because = why ? `. ${why}` : ''
  await tell(run, {
    phase: 'Progressing',
    message: `${weight} % of the traffic goes to ${run.canary}${because}`,
    event: {
      type: 'Normal',
      reason: 'WeightSet',
      message: `Release ${run.number}: ${weight} % of the traffic goes to revision ${run.canary}${because}`,
    },
  })
}

/** Nothing moves forward on ignorance, nor while a person or the spec says stop. */
export async function mayGoForward(run: Run): Promise<void> {
  throwIfInterrupted(run)
  if (isUnjudged(run)) {
    await waitFor(run, () => !isUnjudged(run) || obstacle(run) !== undefined, Date.now() + PATIENCE_MS)
  }
  const why = obstacleOf(run)
  if (why === undefined) return
  // What stops it is told by whoever follows that.
  if (why.reason !== undefined) await tell(run, { phase: 'Holding', hold: why.reason, message: why.sentence })
  await waitFor(run, () => obstacleOf(run) === undefined)
}

/** What the step waited for is there: a run that takes over while something else holds the release asks for it no more. */
export function mayEnd(run: Run): Promise<void> {
  run.passed = true
  return mayGoForward(run)
}

/** True where nothing may go forward until this hold is over, or a person says promote. What served before is known. */
export const isBlocking = ({ mode, plan }: Pick<Run, 'mode' | 'plan'>, reason: string): boolean =>
  mode === 'act' && !plan.returns && BLOCKING.has(reason)

/** Somebody else moved the route: the weight is written again, and the step that runs keeps its right to advance. */
export const putBack = (run: Run): Promise<void> =>
  shift(run, { weight: run.weight, addedPods: false, aside: run.aside, handOver: watchOn })

/**
 * Writes what is beside the weight, which stays as it is. At weight 0 the guard begins with it: pods that end or are
 * gone are seen, requests are nobody's evidence.
 */
export async function arrange(run: Run, aside: Aside, heard = interruption): Promise<void> {
  const begins = run.weight === 0 && isInUse(aside) && !run.marks.at(-1)?.beside
  const since = Date.now() / 1_000
  const mark: Mark = { slot: nextSlot(run), weight: 0, since, addedPods: false, beside: true }
  if (begins) await begin(run, mark)
  await write(run, sharesOf(run, run.weight), { aside: written(aside, run.weight), heard })
  run.aside = aside
  if (!begins) return
  mark.since = Date.now() / 1_000
  watchOn(run.guard, run.marks)
}

type Shift = {
  weight: number
  addedPods: boolean
  aside: Aside
  handOver: (guard: Guard, marks: Mark[]) => void
}

/** Writes the weight and hands the guard over to it; the old watch goes on until the new weight was read back. */
async function shift(run: Run, { weight, addedPods, aside, handOver }: Shift): Promise<void> {
  const mark: Mark = { slot: nextSlot(run), weight, since: Date.now() / 1_000, addedPods }
  await begin(run, mark)
  await write(run, sharesOf(run, weight), { aside })
  run.weight = weight
  run.aside = aside
  mark.since = Date.now() / 1_000
  handOver(run.guard, run.marks)
}

/**
 * Marked before it is written: a write whose answer never came may have given the canary requests all the same. It counts
 * from when it was read back.
 */
async function begin(run: Run, mark: Mark): Promise<void> {
  await condition(() => !run.writing)
  run.marks.push(mark)
  if (!isWatching(run.guard)) watch(run.guard, run.marks)
}

/**
 * One traffic write at a time. Not interruptible while it is under way, because a half-known weight is worse than a late
 * abort; but between its volleys an alarm or an abort is heard, so that none waits longer than one of them.
 */
export async function write(
  run: Run,
  weights: Record<Revision, number>,
  { heard = interruption, ...also }: { aside?: Aside; stable?: Revision; heard?: typeof interruption } = {},
): Promise<void> {
  await condition(() => !run.writing)
  run.writing = true
  try {
    const { target } = run.picture
    const wanted = { target, weights, ...also }
    const gaveUpAt = Date.now() + WRITE_MS
    for (let written = false; !written;) {
      try {
        await volley(VOLLEY_MS, VOLLEY_MS / 2).setTraffic({ ...wanted, fence: nextFence(run) })
        written = true
      } catch (error) {
        if (isFinal(error) || isCancellation(error) || Date.now() > gaveUpAt) throw error
        const found = heard(run)
        if (found) throw new Interrupted(found)
      }
    }
  } finally {
    run.writing = false
  }
}

/** A stretch without weight has no evidence: the slot that it has is the next weight's. */
export function nextSlot({ marks }: Run): number {
  const last = marks.at(-1)
  return last === undefined ? 0 : last.beside ? last.slot : last.slot + 1
}

const sharesOf = ({ stable, canary }: Run, weight: number): Record<Revision, number> => ({
  [stable]: 100 - weight,
  [canary]: weight,
})

/** Why it may not go forward right now, as a sentence. */
export const standsInTheWay = (run: Run): string | undefined => obstacleOf(run)?.sentence

type Obstacle = { reason?: string; sentence: string }

function obstacleOf(run: Run): Obstacle | undefined {
  const found = obstacle(run)
  if (found || !isUnjudged(run)) return found
  return { reason: 'unjudged', sentence: `Holding at ${run.weight} %: nothing was judged since this run took over` }
}

/** This run has not seen a row of the canary's traffic yet. */
const isUnjudged = ({ guard, mode, override, weight, plan }: Run): boolean =>
  guard.judgedFrom !== undefined && mode === 'act' && !override && !plan.returns && weight > 0

function obstacle(run: Run): Obstacle | undefined {
  if (run.routeGone) return { reason: 'routeGone', sentence: ROUTE_GONE }
  if (run.override) return undefined
  if (run.edit) return { reason: 'foreignEdit', sentence: run.edit.message }
  const stop = stopOf(run)
  if (stop) return { sentence: stop.sentence }
  if (run.away) return { sentence: 'Looks whether its place is still free' }
  const hold = run.guard.hold
  return run.weight > 0 && hold && isBlocking(run, hold.reason) ? hold : undefined
}

const ROUTE_GONE = 'Holding: the route is gone; put the VirtualService and its named routes back'
