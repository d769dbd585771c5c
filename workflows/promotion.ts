import { CancellationScope, sleep } from '@temporalio/workflow'
import { mayBegin } from './beginning.ts'
import { stopWatching } from './guard.ts'
import { carry } from './pods.ts'
import { insist, soon, volley } from './proxies.ts'
import { missingAtApex } from './rest.ts'
import { Interrupted, nextFence, type Run } from './run.ts'
import { abortedOnRoute } from './start.ts'
import { mention, tell, type Telling } from './telling.ts'
import { renewIfLong } from './waiting.ts'
import { mayGoForward, write } from './weights.ts'
import { wordsOf } from './words.ts'

/** Weight 100 and `stable` in one write commits; before it every interruption returns to the old stable. */
export async function promote(run: Run): Promise<void> {
  await mayGoForward(run)
  await mayBegin(run)
  await carry(run, 100)
  await mayGoForward(run)
  await commit(run)
  await CancellationScope.nonCancellable(() => settleIn(run))
}

/** A write whose answer was lost may have committed all the same: the route has the last word. */
export async function commit(run: Run): Promise<void> {
  try {
    await write(run, { [run.canary]: 100 }, { stable: run.canary })
  } catch (error) {
    const picture = await insist.observe({ ref: run.picture.ref, release: run.number })
    if (picture?.stable !== run.canary) throw error
  }
}

/** After the commit there is no way but forward: the apex follows, and the route reads as in Git again. */
export async function settleIn(run: Run): Promise<void> {
  stopWatching(run.guard)
  run.weight = 100
  if (run.desk.subject) run.desk.subject.settled = 'promoted'
  await comeToRest(run)
  const because = run.evidence && !run.override ? `. ${run.evidence}` : ''
  const message = `Promoted: revision ${run.canary} serves all of the traffic${because}`
  await tell(run, {
    phase: 'Promoted',
    outcome: 'Promoted',
    stable: run.canary,
    message,
    event: { type: 'Normal', reason: 'Promoted', message: `Release ${run.number}: ${message}` },
    ...leftBy(run),
  })
}

/** What a person left is still declared, and does not start again by itself. */
function leftBy({ number, plan, stable, canary, because }: Run): Partial<Telling> {
  if (plan.leaves === undefined) return {}
  const why = because === undefined ? '' : ` (${because})`
  const message = `Rolled back${why}: revision ${canary} serves all of the traffic again; ${stable}, which is declared, starts again only by retry`
  return {
    phase: 'Aborted',
    left: { number: plan.leaves, revision: stable },
    message,
    event: { type: 'Normal', reason: 'Returned', message: `Release ${number}: ${message}` },
  }
}

/**
 * Given up only where something newer is declared, which goes on from there. Throws `Interrupted` when somebody went back
 * on the route itself after the commit.
 */
async function comeToRest(run: Run): Promise<void> {
  const { ref, target } = run.picture
  for (let hands = soon; ; hands = volley(60_000, 10_000)) {
    try {
      await hands.pointApex({ ref, stable: run.canary, committed: target })
      const waitingFor = await missingAtApex(run.picture)
      if (waitingFor !== undefined) throw new Error(waitingFor)
      return await hands.restoreRoute({ target, stable: run.canary, fence: nextFence(run) })
    } catch (error) {
      if (await isOver(run)) return
      const message = `Revision ${run.canary} serves all of the traffic, but the route does not come to rest, retrying: ${wordsOf(error)}`
      await mention(run, { phase: 'Progressing', message, event: { type: 'Warning', reason: 'RestBlocked', message } })
      await sleep(1_000, { summary: 'The route is tried again' })
      await renewIfLong(run)
    }
  }
}

/** True when the Rollout is gone, and its route with it, or when its next release waits. */
async function isOver(run: Run): Promise<boolean> {
  const seen = await insist.observe({ ref: run.picture.ref, release: run.number })
  const says = seen?.route.record?.stable
  if (says !== undefined && says !== run.canary)
    throw new Interrupted({ kind: 'abortedOnRoute', sentence: abortedOnRoute(run.number) })
  run.seq = Math.max(run.seq, seen?.nextSeq ?? 0)
  const { declared } = seen ?? {}
  const isLeft = run.plan.leaves !== undefined && declared?.revision === run.stable
  const isNews = declared !== undefined && !declared.isStable && !declared.rejected && !isLeft
  if (isNews) run.desk.looked = true
  return isNews || seen === undefined
}
