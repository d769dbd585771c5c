import { allHandlersFinished, CancellationScope, condition, continueAsNew, workflowInfo } from '@temporalio/workflow'
import type { Ending } from './back.ts'
import type { ReleaseInput } from './contract.ts'
import type { Action } from '../crds/decision.ts'
import { deskHeld, waits } from './desk.ts'
import { stopWatching } from './guard.ts'
import { heldBy } from './memory.ts'
import { Interrupted, runAgeMs, stepLabel, type Interruption, type Run } from './run.ts'

const RENEW_AFTER_MS = 10 * 60_000
const HOUR_MS = 60 * 60_000
const LONG_HISTORY = 1_000

/** Words that end a release. */
export const ENDING: ReadonlySet<Action> = new Set<Action>(['abort', 'reject', 'rollback'])

/** What ends or changes the release right now, the most urgent first: abort > verdict > what a look found > promote. */
export function interruption(run: Run): Interruption | undefined {
  const word = run.desk.inbox.find(({ action }) => ENDING.has(action))
  if (word) {
    const what =
      { reject: `rejected at gate ${word.gate}`, rollback: 'rolled back' }[word.action as string] ?? 'aborted'
    return {
      kind: 'abort',
      sentence: `Release ${run.number} ${what} by ${word.by}${word.reason ? `: ${word.reason}` : ''}`,
    }
  }
  const alarm = run.guard.alarm
  if (alarm) return alarm
  if (run.discovered) return run.discovered
  if (run.desk.paused !== undefined || run.override) return undefined
  if (waits(run.desk, 'promote')) return { kind: 'promote', sentence: 'a person said promote' }
  if (waits(run.desk, 'step')) return { kind: 'step', sentence: 'a person said step' }
  return undefined
}

export function throwIfInterrupted(run: Run): void {
  const found = interruption(run)
  if (found) throw new Interrupted(found)
}

/** What ends the release: words that only hurry it wait until there is a step for them. */
export function endingInterruption(run: Run): Interruption | undefined {
  const found = interruption(run)
  return found?.kind === 'promote' || found?.kind === 'step' ? undefined : found
}

/** Does `work` unless something that is `heard` interrupts it; then cancels it and throws `Interrupted`. */
export async function during<T>(run: Run, work: () => Promise<T>, heard = interruption): Promise<T> {
  const scope = new CancellationScope()
  let settled = false
  const result = scope.run(work)
  result.then(
    () => (settled = true),
    () => (settled = true),
  )
  await condition(() => settled || heard(run) !== undefined)
  const found = heard(run)
  if (settled || !found) return result
  scope.cancel()
  throw new Interrupted(found)
}

/**
 * Waits for `predicate`, however many days that takes, or until `until` (epoch milliseconds); hands over to a fresh run
 * every hour on the way, and before the words of people are more than one run takes. True when the predicate holds.
 */
export async function waitFor(run: Run, predicate: () => boolean, until = Infinity): Promise<boolean> {
  for (;;) {
    throwIfInterrupted(run)
    if (predicate()) return true
    const leftMs = until - Date.now()
    if (leftMs <= 0) return false
    const isOver = (): boolean => run.guard.hourPassed || isLong()
    await during(run, () => condition(() => predicate() || isOver(), Math.min(HOUR_MS, leftMs), summaryOf(run)))
    if (!predicate() && (isOver() || runAgeMs() > HOUR_MS)) await renew(run)
  }
}

const summaryOf = (run: Run): { summary: string } => ({
  summary: `Step ${stepLabel(run)}: ${run.plan.steps[run.stepIndex]?.kind ?? 'promotion'}`,
})

/** Between two attempts of what is never given up: `ending` is what the next run goes on with. */
export async function renewIfLong(run: Run, ending?: Ending): Promise<void> {
  if (isLong()) await renew(run, { ending, whatever: true })
}

/** The history is long enough for a fresh run to go on with. */
export const isLong = (): boolean => {
  const { historyLength, continueAsNewSuggested } = workflowInfo()
  return historyLength > LONG_HISTORY || continueAsNewSuggested
}

/** The run is old enough for a fresh one to go on with, or its history is long enough. */
export const isDue = ({ renewAfterMs = RENEW_AFTER_MS }: ReleaseInput): boolean => runAgeMs() > renewAfterMs || isLong()

/** At a step boundary: engine upgrades reach releases that wait for days, and histories stay short. */
export async function renewIfDue(run: Run): Promise<void> {
  if (isDue(run.input) && interruption(run) === undefined) await renew(run)
}

/**
 * Continues this release in a new run. Returns when something came that has to be done first, unless it is to be done
 * `whatever` comes. Nothing may be awaited between the last look at the desk and the hand-over.
 */
async function renew(
  run: Run,
  { ending, whatever = false }: { ending?: Ending | undefined; whatever?: boolean } = {},
): Promise<void> {
  if (run.stopping) await run.stopping
  run.desk.leaving = true
  await condition(allHandlersFinished)
  if (!whatever && interruption(run)) {
    run.desk.leaving = false
    return
  }
  stopWatching(run.guard)
  await continueAsNew<(input: ReleaseInput) => Promise<void>>({
    ...run.input,
    carried: { v: 1, warm: run.warm, desk: deskHeld(run.desk), release: heldBy(run, ending) },
  })
}
