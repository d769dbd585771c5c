import { CancellationScope, condition, isCancellation } from '@temporalio/workflow'
import type { Picture } from '../activities/picture.ts'
import { written } from './aside.ts'
import type { CarriedRelease, ReleaseInput } from './contract.ts'
import type { Desk } from './desk.ts'
import { foreignDrift } from './drift.ts'
import { editTowardsStable, holdForEdit, isEditResumed, resumeAfterEdit, showsEdit, undoEdit } from './edits.ts'
import { keepInStep } from './destinations.ts'
import { growAlong } from './pods.ts'
import { insist } from './proxies.ts'
import { asInterruption, type Interruption, type Run } from './run.ts'
import { abortedOnRoute, reverted, superseded, waitsItsTurn } from './start.ts'
import { announce } from './telling.ts'

/** What the release that is under way knows of the route. */
type Known = Pick<CarriedRelease, 'number' | 'weight' | 'aside'>

/** Undefined when the Rollout is gone. */
export function observe({ namespace, name }: ReleaseInput, desk: Desk, known?: Known): Promise<Picture | undefined> {
  desk.looked = false
  const aside = known?.aside && written(known.aside, known.weight)
  return insist.observe({
    ref: { namespace, name },
    ...(known ? { release: known.number } : {}),
    ...(aside && Object.keys(aside).length > 0 ? { aside } : {}),
  })
}

/** What `work` gives; undefined when a look came first, which ends it. */
export async function untilLook<T>(desk: Desk, work: () => Promise<T>): Promise<T | undefined> {
  const scope = new CancellationScope()
  let ended = false
  const result = scope.run(work)
  result.then(
    () => (ended = true),
    () => (ended = true),
  )
  await condition(() => ended || desk.looked)
  if (ended) return result
  scope.cancel()
  return undefined
}

/**
 * While a release is under way: sees what changed around it, and puts it down for the main loop. Ends by cancellation;
 * what it had not followed up by then is left to be looked at.
 */
export async function followLooks(run: Run): Promise<void> {
  try {
    for (;;) {
      await isToLook(run)
      if (isEditResumed(run)) await resumeAfterEdit(run)
      const { seq, writing } = run
      if (run.away === 'told') run.away = 'looking'
      const picture = await observe(run.input, run.desk, run)
      const overlapped = writing || run.writing || run.seq !== seq
      run.blurred = overlapped && picture !== undefined && showsEdit(picture)
      const found = picture ? discover(run, picture) : gone(run)
      if (found) run.discovered ??= found
      else if (picture) await adapt(run, picture)
    }
  } catch (error) {
    if (isCancellation(error)) run.desk.looked = true
    else run.discovered ??= asInterruption(error)
  }
}

/** Somebody said so, or what held it may be over by itself. */
async function isToLook(run: Run): Promise<void> {
  const hasCause = (): boolean => run.desk.looked || isEditResumed(run) || (run.blurred === true && !run.writing)
  const untilMs = run.held?.untilMs
  await (untilMs === undefined
    ? condition(hasCause)
    : condition(hasCause, Math.max(SOON_MS, untilMs - Date.now()), { summary: 'What holds it may be over' }))
}

const SOON_MS = 1_000

function discover(run: Run, picture: Picture): Interruption | undefined {
  const { declared, route } = picture
  if (picture.deleting) return gone(run)
  if (route.record?.aborted === run.number) return { kind: 'abortedOnRoute', sentence: abortedOnRoute(run.number) }
  if (run.plan.leaves !== undefined) return editOf(run, picture)
  if (declared.isStable && picture.stable !== run.canary)
    return { kind: 'reverted', sentence: reverted(run.number, run.stable) }
  if (declared.revision !== run.canary && !(waitsItsTurn(picture) && !isInstalling(run)))
    return { kind: 'superseded', sentence: superseded(run.number, declared.revision) }
  return editOf(run, picture)
}

function editOf(run: Run, picture: Picture): Interruption | undefined {
  const edit = holdsAtEdit(picture) ? undefined : editTowardsStable(run, picture)
  if (edit !== undefined) return { kind: 'foreignEdit', sentence: `Aborted: ${edit}` }
  return foreignDrift(run, picture)
}

const holdsAtEdit = ({ settings }: Picture): boolean => settings.onForeignEdit === 'hold'

async function adapt(run: Run, picture: Picture): Promise<void> {
  await growAlong(run, picture.replicas)
  run.suspended = picture.suspend
  run.held = isInstalling(run) ? undefined : picture.held
  if (run.away === 'looking') run.away = undefined
  // One of our own is made again by the write that puts the weight back.
  run.routeGone = !picture.route.found && picture.target.router.istio.host === undefined
  sayWhoWaits(run, picture)
  await keepInStep(run, picture)
  const edit = editTowardsStable(run, picture)
  if (edit !== undefined) return holdForEdit(run, edit)
  await undoEdit(run, picture)
}

/** Nothing serves meanwhile. */
const isInstalling = ({ picture }: Run): boolean => picture.stable === undefined || picture.stableReady === 0

/** The newest one only: whoever waited before is not released at all. */
function sayWhoWaits(run: Run, { declared }: Picture): void {
  const isNone = declared.revision === run.canary || declared.isStable
  const waiting = isNone ? undefined : declared.revision
  if (waiting !== undefined && waiting !== run.queued) {
    const message = `Revision ${waiting} waits until release ${run.number} has ended`
    announce(run, { type: 'Normal', reason: 'RevisionQueued', message })
  }
  run.queued = waiting
}

const gone = (run: Run): Interruption => ({
  kind: 'deleted',
  sentence: `Release ${run.number} ends: the Rollout is being deleted`,
})
