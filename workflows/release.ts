import { CancellationScope, ContinueAsNew } from '@temporalio/workflow'
import type { Picture } from '../activities/picture.ts'
import type { Revision } from '../crds/traffic.ts'
import { emptyAdopted } from './adoption.ts'
import { overtake } from './answers.ts'
import { hasAside } from './aside.ts'
import { endingOf, goBack, type Ending } from './back.ts'
import { standAgain } from './beside.ts'
import type { ReleaseInput } from './contract.ts'
import { openDesk } from './desk.ts'
import { handBack } from './handing-back.ts'
import { install, installed } from './installation.ts'
import { followHolds } from './holds.ts'
import { leaveJobs } from './jobs.ts'
import { followLooks, observe } from './looks.ts'
import { openRun } from './opening.ts'
import { mayEnter, prepare } from './preparing.ts'
import { settleIn } from './promotion.ts'
import { settle } from './rest.ts'
import { retire, warmNow } from './retirement.ts'
import type { Stay } from './stay.ts'
import type { Run } from './run.ts'
import { taskFor, type Task } from './start.ts'
import { followStops } from './stops.ts'
import { walk } from './walk.ts'
import { taskByWish } from './wishes.ts'

/** One release of one Rollout: look at what is really there, do what is to be done, and be gone. */
export async function release(input: ReleaseInput): Promise<void> {
  const desk = openDesk(input)
  const picture = await observe(input, desk, input.carried?.release)
  if (!picture) return
  const warm = warmNow(picture, input.carried?.warm ?? [])
  const stay: Stay = { input, desk, picture, warm, lastNumber: picture.nextNumber - 1 }
  const task = await taskOf(stay)
  if (task.kind === 'handBack') return handBack(stay)
  if ('number' in task) stay.warm = warm.filter(({ revision }) => revision !== wantedBy(task, picture))
  await carryOut(task, stay)
  await emptyAdopted(stay)
  await retire(stay)
}

/** What is there decides; where that leaves nothing to do, a person may. */
async function taskOf(stay: Stay): Promise<Task> {
  const { picture, input, desk } = stay
  const task = taskFor(picture, input.carried)
  if (task.kind === 'nothing' || task.kind === 'settle') return (await taskByWish(stay)) ?? task
  if (!input.carried?.release) overtake(desk, 'something else is to be done', 'retry', 'rollback')
  return task
}

const wantedBy = (task: Task & { number: number }, { declared }: Picture): Revision =>
  (task.kind === 'release' ? (task.revision ?? task.resume?.revision) : undefined) ?? declared.revision

async function carryOut(task: Exclude<Task, { kind: 'handBack' }>, stay: Stay): Promise<void> {
  const { picture, desk } = stay
  switch (task.kind) {
    case 'nothing':
      return
    case 'settle':
      return settle(stay)
    case 'install':
      return install(stay, task.number, task.replaces)
    case 'finish': {
      const run = await openRun(stay, { ...task.open, stable: task.open.from ?? task.open.revision })
      return conclude(run, stay, () => CancellationScope.nonCancellable(() => settleIn(run)))
    }
    case 'lookAfter':
      return installed(stay, task.open)
    case 'goBack': {
      const run = await openRun(stay, { ...task.open, stable: task.stable })
      delete desk.subject?.gate
      await CancellationScope.nonCancellable(() => goBack(run, task.ending))
      leaveBehind(stay, run, task.ending)
      return leaveJobs(run, task.ending)
    }
    case 'release':
      return bringOut(
        await openRun(stay, {
          ...task.resume,
          ...task,
          revision: wantedBy(task, picture),
        }),
        stay,
      )
  }
}

/** Prepare, step, promote; anything bad goes back to stable. */
async function bringOut(run: Run, stay: Stay): Promise<void> {
  const aside = new CancellationScope()
  void aside.run(() => Promise.all([followLooks(run), followHolds(run), followStops(run)]))
  try {
    await conclude(run, stay, () =>
      walk(run, async () => {
        await mayEnter(run)
        await prepare(run)
        if (run.recovered && hasAside(run.plan)) await standAgain(run)
      }),
    )
  } finally {
    aside.cancel()
  }
}

async function conclude(run: Run, stay: Stay, forwards: () => Promise<void>): Promise<void> {
  let ending: Ending | undefined
  try {
    await forwards()
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error
    const why = endingOf(error)
    ending = why
    await CancellationScope.nonCancellable(() => goBack(run, why))
  }
  leaveBehind(stay, run, ending)
  await leaveJobs(run, ending)
}

/** The revision that lost keeps its pods for its delay; then `retire` lets it go. */
function leaveBehind(stay: Stay, run: Run, ending?: Ending): void {
  const { settings } = stay.picture
  const now = Date.now()
  const old = ending ? run.canary : run.stable
  const delayMs = ending ? settings.abortScaleDownDelayMs : settings.scaleDownDelayMs
  stay.lastNumber = run.number
  if (old === (ending ? run.stable : run.canary)) return
  const hadTraffic = !ending || run.marks.some(({ weight, beside }) => weight > 0 || beside === true)
  stay.warm.push({
    revision: old,
    until: now + delayMs,
    release: run.number,
    ...(hadTraffic ? { quietSince: now / 1_000 } : {}),
  })
  if (ending || stay.picture.onNewRevision === 'queue' || run.plan.leaves !== undefined) stay.desk.looked = true
}
