import { condition, isCancellation } from '@temporalio/workflow'
import type { Hold } from '../activities/watch.ts'
import { asksOf } from '../crds/need.ts'
import type { Reason } from '../crds/notices.ts'
import { watchOn } from './guard.ts'
import { insist } from './proxies.ts'
import { asInterruption, type Run } from './run.ts'
import { tell, type Telling } from './telling.ts'
import { isBlocking, nextSlot } from './weights.ts'

/** Says it when the guard holds for another reason or cause than before, and when it no longer does. */
export async function followHolds(run: Run): Promise<void> {
  try {
    await sayAgain(run)
    for (;;) {
      await condition(() => isNews(run))
      if (mayPass(run.guard.hold))
        await condition(() => !mayPass(run.guard.hold), PATIENCE_MS, { summary: 'Silence that may pass' })
      if (isNews(run)) await follow(run, run.guard.hold)
    }
  } catch (error) {
    if (!isCancellation(error)) run.discovered ??= asInterruption(error)
  }
}

const PATIENCE_MS = 20_000

/** The first row after a weight often has no request yet. It holds like any other silence, and is no news before it lasts. */
const mayPass = (hold: Hold | undefined): boolean => hold?.reason === 'noData' && hold.cause === undefined

/** Steps that begin again in a new run write over what the status says about a hold: it is said once more, without an Event. */
async function sayAgain(run: Run): Promise<void> {
  if (run.toldHold === undefined || run.guard.judgedFrom === undefined) return
  await condition(() => run.guard.judgedFrom === undefined)
  if (!isNews(run)) await follow(run, run.guard.hold)
}

async function follow(run: Run, hold: Hold | undefined): Promise<void> {
  await tellHold(run, hold)
  run.toldHold = hold
  if (hold?.replacePod !== undefined) await replace(run, hold.replacePod)
}

/** While somebody else's edit of the route holds the release, what follows from it is no news. */
const isNews = (run: Run): boolean => run.edit === undefined && newsOf(run.guard.hold) !== newsOf(run.toldHold)

/** Another sentence about the same is no news. */
const newsOf = (hold: Hold | undefined): string | undefined => hold && `${hold.reason} ${hold.cause ?? ''}`

async function tellHold(run: Run, hold: Hold | undefined): Promise<void> {
  const holds = hold !== undefined && isBlocking(run, hold.reason)
  const message = hold?.sentence ?? `${overOf(run.toldHold)}: release ${run.number} goes on at ${run.weight} %`
  const event = { type: hold ? 'Warning' : 'Normal', reason: eventOf(hold, holds), message } as const
  const gate = run.desk.subject?.gate?.name
  await tell(run, {
    ...(holds ? { phase: 'Holding', hold: loudest(hold.reason, run) } : standing(run)),
    message,
    ...(isNews(run) ? { event } : {}),
    ...(gate ? { gate } : {}),
  })
}

/** The step may wait for a person all the same. */
const loudest = (reason: string, { said }: Run): string => (asksOf(reason) ? reason : (said?.hold ?? reason))

/** What it is doing, now that nothing holds it. */
function standing({ said, desk }: Run): Pick<Telling, 'phase' | 'hold'> {
  const { phase = 'Progressing', hold } = said ?? {}
  return { phase: desk.subject?.gate ? 'AwaitingApproval' : phase, ...(hold === undefined ? {} : { hold }) }
}

/** What is true again, now that this no longer holds. */
function overOf(hold: Hold | undefined): string {
  switch (hold?.reason) {
    case 'splitMismatch':
      return 'The requests follow the weight again'
    case 'localised':
      return 'No pod stands out any more'
    case 'tooManySeries':
      return 'Prometheus has few enough series to count again'
    case 'inconclusive':
      return 'No longer undecided'
    case 'wouldRollBack':
      return 'Would no longer roll back'
    default:
      return 'Data again'
  }
}

function eventOf(hold: Hold | undefined, holds: boolean): Reason {
  if (!hold) return 'Resumed'
  if (hold.reason === 'wouldRollBack') return 'WouldRollBack'
  return holds ? 'Holding' : 'WouldHold'
}

/** Once in a release: what stays bad on the pod that comes instead was not the pod's fault. */
async function replace(run: Run, pod: string): Promise<void> {
  if (run.mode === 'observe' || run.marks.some(({ replaced }) => replaced)) return
  await insist.replacePod({ ref: run.picture.ref, revision: run.canary, pod })
  await condition(() => !run.writing)
  const since = Date.now() / 1_000
  run.marks.push({ slot: nextSlot(run), weight: run.weight, since, addedPods: true, replaced: true })
  watchOn(run.guard, run.marks)
}
