import { CancellationScope, condition, isCancellation, log } from '@temporalio/workflow'
import type { Progress } from '../activities/report.ts'
import { endOf, type Outcome } from '../crds/outcome.ts'
import { dismiss } from './answers.ts'
import { sendOut, type Teller } from './notices.ts'
import { insist, telling } from './proxies.ts'
import { stepLabel, type Run } from './run.ts'
import { withStop } from './stopping.ts'
import { show } from './story.ts'
import { ENDING, interruption } from './waiting.ts'

export type Telling = Pick<Progress, 'phase' | 'message'> &
  Partial<Pick<Progress, 'gate' | 'hold' | 'skipped' | 'outcome' | 'event' | 'stable' | 'weight' | 'left'>>

const MENTION_MS = 10_000

/**
 * Writes the public record: Rollout and Release status, and an Event when there is something to remember. The end of a
 * release is written however long that takes; anything else is dropped as soon as something more urgent arrives.
 */
export async function tell(run: Run, telling_: Telling): Promise<void> {
  const progress = progressOf(run, telling_)
  remember(run, telling_, progress)
  if (telling_.outcome) settle(run, { ...telling_, outcome: telling_.outcome })
  if (progress.outcome) await insist.report(progress)
  else await reportUnlessUrgent(run, progress)
}

/** Who still says something about the release hears how it ended. */
function settle({ desk, number, canary }: Run, { outcome, message, left }: Telling & { outcome: Outcome }): void {
  desk.subject = left
    ? { release: left.number, revision: left.revision, settled: endOf({ outcome: 'RolledBack' }) }
    : { release: number, revision: canary, settled: endOf({ outcome }) }
  dismiss(desk, message, (action) => outcome === 'Aborted' && ENDING.has(action))
}

/** As `tell`, for what is said while something more important goes on: given up after ten seconds. */
export async function mention(run: Run, telling_: Telling): Promise<void> {
  const progress = progressOf(run, telling_)
  remember(run, telling_, progress)
  await reportUnlessUrgent(run, progress, MENTION_MS)
}

/** An Event about the Rollout, and a message to whoever wants to hear that; both may be late, and hold nothing up. */
export function announce(run: Teller, { type, reason, message }: NonNullable<Progress['event']>): void {
  const { ref, target } = run.picture
  telling
    .recordEvent({ ref, uid: target.uid, type, reason, message })
    .catch((error: unknown) => log.warn('event not recorded', { error }))
  sendOut(run, { type, reason, message })
}

function progressOf(run: Run, telling_: Telling): Progress {
  run.toldAt = Math.max(Date.now(), run.toldAt + 1)
  const { event, ...rest } = withStop(run, telling_)
  return {
    ref: run.picture.ref,
    number: run.number,
    canary: run.canary,
    stable: run.stable,
    stepIndex: run.stepIndex,
    step: stepLabel(run),
    weight: run.weight,
    epoch: run.guard.epoch,
    generation: run.picture.generation,
    at: run.toldAt,
    ...(event ? { event } : {}),
    ...rest,
  }
}

function remember(run: Run, { phase, message, hold, event }: Telling, progress: Progress): void {
  if (phase !== 'Holding' || hold === 'gateExpired')
    run.said = { phase, message, ...(hold === undefined ? {} : { hold }) }
  show(run, progress)
  if (event) announce(run, event)
}

/** A status that cannot be written keeps nobody from hearing an alarm. */
async function reportUnlessUrgent(run: Run, progress: Progress, withinMs?: number): Promise<void> {
  const before = interruption(run)?.kind
  const isUrgent = (): boolean => ![undefined, before].includes(interruption(run)?.kind)
  const scope = new CancellationScope()
  let settled = false
  const report = scope
    .run(() => insist.report(progress))
    .catch((error: unknown) => {
      if (!isCancellation(error)) throw error
    })
    .finally(() => (settled = true))
  const isOver = (): boolean => settled || isUrgent()
  await (withinMs === undefined
    ? condition(isOver)
    : condition(isOver, withinMs, { summary: 'The status is written, or not' }))
  if (!settled) scope.cancel()
  await report
}
