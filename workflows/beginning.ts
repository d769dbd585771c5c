import type { Happening } from '../activities/report.ts'
import type { Hold } from '../activities/watch.ts'
import { take } from './desk.ts'
import { watching } from './proxies.ts'
import { Interrupted, type Run } from './run.ts'
import { announce, tell } from './telling.ts'
import { during, waitFor } from './waiting.ts'

const LOOK_AGAIN_MS = 15_000

/**
 * Before the first weight: what was before is looked at, and while stable burns its objective, or nobody can be asked,
 * nothing begins unless a person says so. What served before comes back whatever stable does. Gives the first weight of
 * a ramp, percent.
 */
export async function mayBegin(run: Run): Promise<number | undefined> {
  const { measured, override, stepped, marks, plan } = run
  if (!measured || override || stepped || plan.returns || marks.some(({ weight }) => weight > 0)) return undefined
  for (;;) {
    const { rung, hold, notes = [] } = await lookBack(run)
    await tellOnce(run, notes)
    if (!hold) {
      run.toldBeginning = undefined
      return rung
    }
    if (run.mode === 'observe') {
      announce(run, { type: 'Warning', reason: 'WouldHold', message: hold.sentence })
      return rung
    }
    await tellHold(run, hold)
    if (await isOverridden(run)) return rung
  }
}

async function lookBack(run: Run): ReturnType<typeof watching.lookBack> {
  const { guard, canary, stable, number } = run
  const { ref } = run.picture
  return during(run, () => watching.lookBack({ ref, release: number, epoch: guard.epoch, canary, stable }))
}

/** Once in a release, however often it is looked back. */
async function tellOnce(run: Run, notes: Happening[]): Promise<void> {
  if (run.noted) return
  run.noted = notes.length > 0
  for (const event of notes) await tell(run, { phase: 'Progressing', message: event.message, event })
}

/** News once, and again in the status of a run that takes over. */
async function tellHold(run: Run, { reason, sentence }: Hold): Promise<void> {
  const isNews = reason !== run.toldBeginning
  if (!isNews && run.saidHold) return
  run.toldBeginning = reason
  run.saidHold = true
  const event = { type: 'Warning', reason: 'Holding', message: sentence } as const
  // Nothing will be heard by waiting for the next row: there is none yet.
  const hold = reason === 'noData' ? 'noBaseline' : reason
  await tell(run, { phase: 'Holding', hold, message: sentence, ...(isNews ? { event } : {}) })
}

/** `step` begins all the same; `promote` goes past it anyway. */
async function isOverridden(run: Run): Promise<boolean> {
  try {
    await waitFor(run, () => false, Date.now() + LOOK_AGAIN_MS)
    return false
  } catch (error) {
    if (!(error instanceof Interrupted) || error.interruption.kind !== 'step') throw error
    take(run.desk, 'step')
    run.stepped = true
    return true
  }
}
