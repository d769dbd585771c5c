import { condition, isCancellation } from '@temporalio/workflow'
import { asInterruption, type Run } from './run.ts'
import { stopOf, type Stop } from './stopping.ts'
import { tell, type Telling } from './telling.ts'
import { isBlocking } from './weights.ts'

/** Says it when a person or the spec stops the release, and when nobody does any more. */
export async function followStops(run: Run): Promise<void> {
  try {
    for (;;) {
      await condition(() => isSettled(run) && stopOf(run)?.sentence !== run.toldStop)
      const stop = stopOf(run)
      run.toldStop = stop?.sentence
      const leaves = stop !== undefined && stop.phase !== 'Queued' && run.weight === 0
      if (leaves) run.away = 'telling'
      await sayStop(run, stop)
      if (leaves) lookAround(run)
    }
  } catch (error) {
    if (!isCancellation(error)) run.discovered ??= asInterruption(error)
  }
}

/** Whether it has requests is known: others take its place where it is said that it has none. */
const isSettled = ({ away, writing, weight }: Run): boolean => !away && !(writing && weight === 0)

function lookAround(run: Run): void {
  run.away = 'told'
  run.desk.looked = true
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
