import type { Picture } from '../activities/picture.ts'
import { isInUse } from './aside.ts'
import type { Run } from './run.ts'
import { tell } from './telling.ts'
import { arrange, putBack } from './weights.ts'

/** What somebody else did to the route in favour of stable, as words; undefined when nobody did. */
export function editTowardsStable(run: Run, { route }: Picture): string | undefined {
  if (run.writing) return undefined
  if (route.foreign?.direction === 'towardsStable') return `${route.foreign.manager} moved the route towards stable`
  const lost = route.found && !route.record && !(route.weights[run.canary] ?? 0)
  return run.weight > 0 && lost ? 'the route was replaced, and the canary is no longer on it' : undefined
}

/** `onForeignEdit: hold`: nothing goes forward until a person says resume, promote or abort. */
export async function holdForEdit(run: Run, words: string): Promise<void> {
  if (run.edit) return
  const message = `Holding: ${words}; resume puts it back, promote goes to 100 %, abort ends the release`
  run.edit = { message, resumed: run.desk.resumed }
  await tell(run, { phase: 'Holding', message, event: { type: 'Warning', reason: 'ForeignEdit', message } })
}

/** A person said resume after somebody else's edit. */
export const isEditResumed = ({ edit, desk }: Run): boolean => edit !== undefined && desk.resumed > edit.resumed

export async function resumeAfterEdit(run: Run): Promise<void> {
  if (isOnRoute(run)) await writeAgain(run)
  delete run.edit
  const message = `The route is put back to ${run.weight} %, and release ${run.number} goes on`
  await tell(run, {
    phase: run.phase ?? 'Progressing',
    message,
    event: { type: 'Normal', reason: 'Resumed', message },
    ...(run.desk.subject?.gate ? { gate: run.desk.subject.gate } : {}),
  })
}

/** Towards the canary nobody moves a route but the release; and nobody but it has a route of its own. */
export async function undoEdit(run: Run, { route: { foreign, found, drifted } }: Picture): Promise<void> {
  if (!isOnRoute(run) || run.writing) return
  if (drifted && !found) return writeAgain(run)
  if (foreign?.direction !== 'towardsCanary') return
  await writeAgain(run)
  const message = `${foreign.manager} moved the route towards the canary: put back to ${run.weight} %`
  await tell(run, { phase: 'Progressing', message, event: { type: 'Warning', reason: 'ForeignEdit', message } })
}

/** By its weight, or beside it. A retreat takes both away, although what is to stand again is known. */
const isOnRoute = ({ weight, aside, marks }: Run): boolean =>
  weight > 0 || (isInUse(aside) && marks.at(-1)?.beside === true)

const writeAgain = (run: Run): Promise<void> => (run.weight > 0 ? putBack(run) : arrange(run, run.aside))
