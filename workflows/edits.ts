import type { Picture } from '../activities/picture.ts'
import { isInUse } from './aside.ts'
import type { Run } from './run.ts'
import { tell, type Telling } from './telling.ts'
import { arrange, putBack } from './weights.ts'

/** Of itself; what the release is doing meanwhile may explain it. */
export const showsEdit = ({ route: { foreign, preview, replacedBy, drifted } }: Picture): boolean =>
  foreign !== undefined || preview !== undefined || replacedBy !== undefined || drifted === true

/** What somebody else did to the route in favour of stable, as words; undefined when nobody did. */
export function editTowardsStable(run: Run, { route }: Picture): string | undefined {
  if (run.blurred || run.writing) return undefined
  if (route.foreign?.direction === 'towardsStable') return `${route.foreign.manager} moved the route towards stable`
  const lost = isReplaced(run, route) && (run.weight > 0 ? !route.weights[run.canary] : route.atRest)
  return lost ? `${route.replacedBy} replaced the route, and the canary is no longer on it` : undefined
}

/** `onForeignEdit: hold`: nothing goes forward until a person says resume, promote or abort. */
export async function holdForEdit(run: Run, words: string): Promise<void> {
  if (run.edit) return
  const message = `Holding: ${words}; resume puts it back, promote goes to 100 %, abort ends the release`
  run.edit = { message, resumed: run.desk.resumed }
  if (run.desk.subject) run.desk.subject.edited = true
  await tell(run, {
    phase: 'Holding',
    hold: 'foreignEdit',
    message,
    event: { type: 'Warning', reason: 'ForeignEdit', message },
    ...openGate(run),
  })
}

/** A person said resume after somebody else's edit. */
export const isEditResumed = ({ edit, desk }: Run): boolean => edit !== undefined && desk.resumed > edit.resumed

export async function resumeAfterEdit(run: Run): Promise<void> {
  if (isOnRoute(run)) await writeAgain(run)
  delete run.edit
  delete run.desk.subject?.edited
  await sayOn(run, {
    type: 'Normal',
    reason: 'Resumed',
    message: `The route is put back to ${run.weight} %, and release ${run.number} goes on`,
  })
}

/** Towards the canary nobody moves a route but the release; and nobody but it has a route of its own. */
export async function undoEdit(run: Run, { route }: Picture): Promise<void> {
  if (!isOnRoute(run) || run.blurred || run.writing) return
  if (route.drifted && !route.found) return writeAgain(run)
  const words = wordsOfEdit(run, route)
  if (words === undefined) return
  await writeAgain(run)
  const message = `${words}: put back${run.weight > 0 ? ` to ${run.weight} %` : ''}`
  await sayOn(run, { type: 'Warning', reason: 'ForeignEdit', message })
}

function wordsOfEdit(run: Run, route: Picture['route']): string | undefined {
  const { foreign, preview, replacedBy } = route
  if (foreign?.direction === 'towardsCanary') return `${foreign.manager} moved the route towards the canary`
  if (isReplaced(run, route)) return `${replacedBy} replaced the route`
  if (foreign?.direction === 'beside')
    return `${foreign.manager} changed the route, and what is beside its weights is not as it was written`
  return preview
}

/** The release is on the route, and what it wrote there is not known to it any more. */
const isReplaced = (run: Run, { found, replacedBy }: Picture['route']): boolean =>
  isOnRoute(run) && found && replacedBy !== undefined

/** By its weight, or beside it. A retreat takes both away, although what is to stand again is known. */
const isOnRoute = ({ weight, aside, marks }: Run): boolean =>
  weight > 0 || (isInUse(aside) && marks.at(-1)?.beside === true)

const writeAgain = (run: Run): Promise<void> => (run.weight > 0 ? putBack(run) : arrange(run, run.aside))

/** Whatever the release waits for, it waits for that still. */
async function sayOn(run: Run, event: NonNullable<Telling['event']>): Promise<void> {
  const standing = run.said ?? { phase: 'Progressing' }
  await tell(run, { ...standing, message: event.message, event, ...openGate(run) })
}

const openGate = ({ desk }: Run): Pick<Telling, 'gate'> => (desk.subject?.gate ? { gate: desk.subject.gate.name } : {})
