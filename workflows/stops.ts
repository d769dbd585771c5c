import { condition, isCancellation } from '@temporalio/workflow'
import { asInterruption, type Run } from './run.ts'
import { stopOf, type Stop } from './stopping.ts'
import { tell, type Telling } from './telling.ts'
import { isBlocking } from './weights.ts'

/** Says it when a person or the spec stops the release, and when nobody does any more. */
export async function followStops(run: Run): Promise<void> {
  try {
    for (;;) {
      await condition(() => stopOf(run)?.sentence !== run.toldStop)
      const stop = stopOf(run)
      run.toldStop = stop?.sentence
      await sayStop(run, stop)
    }
  } catch (error) {
    if (!isCancellation(error)) run.discovered ??= asInterruption(error)
  }
}

/** What it waits for it waits for still. A promotion that a person said says so itself. */
async function sayStop(run: Run, stop: Stop | undefined): Promise<void> {
  const beginning = { phase: 'Progressing', message: `Release ${run.number} is under way` } as const
  const standing = (stop ? undefined : heldStill(run)) ?? run.said ?? beginning
  const gate = run.desk.subject?.gate?.name
  await tell(run, {
    ...standing,
    ...(gate === undefined ? {} : { gate }),
    ...(stop || !run.override ? { event: eventOf(run, stop) } : {}),
  })
}

/** What held it before it was stopped, and holds it still. */
function heldStill(run: Run): Pick<Telling, 'phase' | 'message' | 'hold'> | undefined {
  const { edit, toldHold, override } = run
  if (override) return undefined
  if (edit) return { phase: 'Holding', message: edit.message, hold: 'foreignEdit' }
  if (!toldHold || !isBlocking(run, toldHold.reason)) return undefined
  return { phase: 'Holding', message: toldHold.sentence, hold: toldHold.reason }
}

const eventOf = ({ number, weight }: Run, stop: Stop | undefined): NonNullable<Telling['event']> => ({
  type: 'Normal',
  reason: stop?.phase ?? 'Resumed',
  message: stop?.sentence ?? `Resumed: release ${number} goes on at ${weight} %`,
})
