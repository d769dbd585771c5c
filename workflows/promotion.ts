import { CancellationScope, sleep } from '@temporalio/workflow'
import { mayBegin } from './beginning.ts'
import { stopWatching } from './guard.ts'
import { carry } from './pods.ts'
import { insist, persistently, watching } from './proxies.ts'
import { Interrupted, nextFence, type Run } from './run.ts'
import { abortedOnRoute } from './start.ts'
import { mention, tell } from './telling.ts'
import { renewIfLong } from './waiting.ts'
import { mayGoForward, write } from './weights.ts'
import { wordsOf } from './words.ts'

const TELL_MS = 30_000

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
  })
}

/** Never given up. Throws `Interrupted` when somebody went back on the route itself after the commit. */
async function comeToRest(run: Run): Promise<void> {
  const { ref, target } = run.picture
  for (let attempt = 0; ; attempt++) {
    const hands = persistently(attempt)
    try {
      await hands.pointApex({ ref, stable: run.canary, committed: target })
      await apexKnown(run)
      return await hands.restoreRoute({ target, stable: run.canary, fence: nextFence(run) })
    } catch (error) {
      if (await isGone(run)) return
      const message = `Revision ${run.canary} serves all of the traffic, but the route does not come to rest, retrying: ${wordsOf(error)}`
      await mention(run, { phase: 'Progressing', message, event: { type: 'Warning', reason: 'RestBlocked', message } })
      await sleep(1_000)
      await renewIfLong(run)
    }
  }
}

/** Clients of the apex have the addresses of the new stable's pods: until then its own Service serves. */
async function apexKnown({ picture: { ref, target, settings } }: Run): Promise<void> {
  const { settleMs } = settings
  const apex = { ref, service: target.service.name, settleMs, tellAfterMs: TELL_MS }
  const { waitingFor } = await watching.awaitAddresses(apex)
  if (waitingFor !== undefined) throw new Error(waitingFor)
}

/** True when the Rollout is gone, and its route with it. */
async function isGone(run: Run): Promise<boolean> {
  const seen = await insist.observe({ ref: run.picture.ref, release: run.number })
  const says = seen?.route.record?.stable
  if (says !== undefined && says !== run.canary)
    throw new Interrupted({ kind: 'abortedOnRoute', sentence: abortedOnRoute(run.number) })
  run.seq = Math.max(run.seq, seen?.nextSeq ?? 0)
  return seen === undefined
}
