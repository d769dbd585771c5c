import { condition, isCancellation, sleep } from '@temporalio/workflow'
import type { Happening } from '../activities/report.ts'
import type { Revision } from '../crds/traffic.ts'
import { dismiss } from './answers.ts'
import { stopWatching } from './guard.ts'
import { insist, persistently, soon } from './proxies.ts'
import { missingAtApex } from './rest.ts'
import { Interrupted, nextFence, type Run } from './run.ts'
import { announce, mention, tell } from './telling.ts'
import { renewIfLong } from './waiting.ts'
import { typeOf, wordsOf } from './words.ts'

export type Ending = { outcome: 'RolledBack' | 'Aborted' | 'Withdrawn' | 'Superseded' | 'Deleted'; sentence: string }

/** What a release that does not go on is called, and why. */
export function endingOf(error: unknown): Ending {
  if (isCancellation(error)) return { outcome: 'Aborted', sentence: 'Aborted: the run was cancelled' }
  if (typeOf(error) === 'ConfigChanged') return { outcome: 'Superseded', sentence: `Superseded: ${wordsOf(error)}` }
  if (!(error instanceof Interrupted)) return { outcome: 'RolledBack', sentence: `Rolled back: ${wordsOf(error)}` }
  const { kind, sentence } = error.interruption
  switch (kind) {
    case 'superseded':
      return { outcome: 'Superseded', sentence }
    case 'deleted':
      return { outcome: 'Deleted', sentence }
    case 'reverted':
      return { outcome: 'Withdrawn', sentence }
    case 'abort':
    case 'abortedOnRoute':
    case 'foreignEdit':
      return { outcome: 'Aborted', sentence }
    default:
      return { outcome: 'RolledBack', sentence }
  }
}

/** Takes the traffic from the canary, and never gives up doing so. Run it in a non-cancellable scope. */
export async function goBack(run: Run, ending: Ending): Promise<void> {
  stopWatching(run.guard)
  await condition(() => !run.writing)
  const leftApex = ending.outcome !== 'Deleted' && (run.marks.length > 0 || !run.picture.route.atRest)
  if (run.marks.length > 0) await withdraw(run, ending)
  await comeToRest(run, ending, leftApex)
  run.weight = 0
  await tellEnding(run, ending)
}

/**
 * All of the traffic is stable's already, by its own Service where the route has left the apex. What keeps the route from
 * rest keeps nobody waiting: the next look sees to it.
 */
async function comeToRest(run: Run, ending: Ending, leftApex: boolean): Promise<void> {
  const pointed = await pointApexBack(run, run.stable)
  const missing = pointed && leftApex ? await missingAtApex(run.picture) : undefined
  if ((pointed && missing === undefined) || (await isGone(run))) return persist(run, 'restoreRoute', ending)
  if (missing !== undefined) sayRestless(run, missing)
}

/** With the Rollout its Service and pods go: nobody has an address to wait for, and nobody looks again. */
async function isGone({ picture: { ref }, number }: Run): Promise<boolean> {
  const seen = await insist.observe({ ref, release: number })
  return seen === undefined || (seen.deleting && !seen.adoption)
}

/** An apex that is somebody else's was never moved by this release. False, and told, where it cannot be written. */
export async function pointApexBack(run: Run, stable: Revision): Promise<boolean> {
  try {
    await soon.pointApex({ ref: run.picture.ref, stable })
    return true
  } catch (error) {
    if (typeOf(error) === 'ForeignObject') return true
    sayRestless(run, wordsOf(error))
    return false
  }
}

const sayRestless = (run: Run, words: string): void =>
  announce(run, { type: 'Warning', reason: 'RestBlocked', message: `The route does not come to rest: ${words}` })

/** The last word about a release that did not go through. */
export async function tellEnding(run: Run, ending: Ending): Promise<void> {
  const { outcome, sentence } = ending
  if (outcome === 'Deleted') return dismiss(run.desk, sentence, () => false)
  const event = { type: outcome === 'RolledBack' ? 'Warning' : 'Normal', reason: outcome, message: sentence } as const
  await tell(run, { phase: outcome, outcome, message: sentence, event })
  const inARow = run.picture.supersessions + 1
  if (outcome === 'Superseded' && inARow >= LIVELOCK) announce(run, livelock(inARow))
}

const LIVELOCK = 3

const livelock = (inARow: number): Happening => ({
  type: 'Warning',
  reason: 'SupersededAgain',
  message: `${inARow} releases in a row made way for a newer revision, and none came to its end: changes come faster than releases; onNewRevision: queue lets one finish before the next begins`,
})

/** Weight 0 by destination: our canary host is removed wherever it stands. */
export async function withdraw(run: Run, ending?: Ending): Promise<void> {
  await persist(run, 'setTraffic', ending)
  run.weight = 0
}

async function persist(run: Run, verb: 'setTraffic' | 'restoreRoute', ending?: Ending): Promise<void> {
  const { target } = run.picture
  for (let attempt = 0; ; attempt++) {
    const hands = persistently(attempt)
    try {
      if (verb === 'restoreRoute') await hands.restoreRoute({ target, fence: nextFence(run) })
      else await hands.setTraffic({ target, weights: { [run.stable]: 100 }, fence: nextFence(run) })
      return
    } catch (error) {
      if (typeOf(error) === 'RouteMissing') return
      await blocked(run, error)
      if (typeOf(error) === 'FencedOff')
        run.seq = Math.max(run.seq, (await insist.observe({ ref: run.picture.ref, release: run.number }))?.nextSeq ?? 0)
      await sleep(1_000, { summary: 'The route is tried again' })
      await renewIfLong(run, ending)
    }
  }
}

/** Says what the server said, and pulls the second lever: the canary's Service selects stable's pods. */
async function blocked(run: Run, error: unknown): Promise<void> {
  const { ref } = run.picture
  const lever = { ref, canary: run.canary, stable: run.stable, replicas: run.replicas }
  const refused = await soon.secondLever(lever).catch(wordsOf)
  const also = refused === undefined ? '' : `; nor can its Service select pods of ${run.stable}: ${refused}`
  const message = `The route cannot be written, retrying: ${wordsOf(error)}${also}`
  await mention(run, {
    phase: 'RollbackBlocked',
    message,
    event: { type: 'Warning', reason: 'RollbackBlocked', message },
  })
}
