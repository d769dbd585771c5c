import type { Revision } from '../crds/traffic.ts'
import type { OpenInput, Opened } from '../activities/open.ts'
import type { Mark } from '../activities/picture.ts'
import type { CarriedRelease } from './contract.ts'
import { openGuard, watch } from './guard.ts'
import { insist } from './proxies.ts'
import { inheritance, type Stay } from './stay.ts'
import { asideRecalled } from './aside.ts'
import type { Run } from './run.ts'
import { beginAnew } from './waiting.ts'
import { typeOf } from './words.ts'

export type Opening = {
  number: number
  revision: Revision
  stable: Revision
  returns?: boolean
  stepIndex?: number
  epoch?: number
}

/** The run's memory: from the state an earlier run carried over, from the open Release, or fresh. */
export async function openRun(stay: Stay, opening: Opening): Promise<Run> {
  const { input, desk, picture } = stay
  const { number, revision, stable: from, returns = false } = opening
  const carried = input.carried?.release?.number === number ? input.carried.release : undefined
  const opened = await openRelease(stay, { ref: picture.ref, number, revision, from, returns })
  const weight = carried?.weight ?? picture.route.weights[revision] ?? 0
  const run: Run = {
    input,
    desk,
    picture,
    number,
    canary: revision,
    stable: from,
    plan: opened.plan,
    mode: opened.mode,
    measured: opened.measured,
    judgedAlone: opened.judgedAlone,
    seq: Math.max(carried?.seq ?? 0, picture.nextSeq),
    stepIndex: carried?.stepIndex ?? opening.stepIndex ?? 0,
    stepSince: carried?.stepSince ?? Date.now(),
    ...memory(carried, opened, weight),
    ...(opened.because ? { because: opened.because } : {}),
    replicas: picture.replicas,
    ...standing(picture),
    routeGone: false,
    ...(carried?.edit ? { edit: { message: carried.edit, resumed: 0 } } : {}),
    writing: false,
    warm: stay.warm,
    guard: openGuard(() => watched(run), {
      epoch: Math.max(carried?.epoch ?? 0, opening.epoch ?? 0),
      hold: carried?.hold,
      judgedFrom: weight > 0 && opened.measured ? Date.now() / 1_000 : undefined,
    }),
  }
  if (desk.subject?.release !== number) desk.subject = { release: number, revision }
  // What was there before this run began brings no news.
  if (picture.route.foreign || (carried && picture.route.replacedBy !== undefined)) desk.looked = true
  if (!carried && opening.stepIndex !== undefined) recall(run)
  if (weight > 0 || run.marks.at(-1)?.beside) watch(run.guard, run.marks)
  return run
}

/** What has nothing that serves is brought up whatever is frozen. */
const standing = ({ suspend, stable, stableReady, held }: Stay['picture']): Pick<Run, 'suspended' | 'held'> => ({
  suspended: suspend,
  held: stable === undefined || stableReady === 0 ? undefined : held,
})

const watched = ({ picture: { ref }, number, canary, stable }: Run): ReturnType<Run['guard']['watched']> => ({
  ref,
  release: number,
  canary,
  stable,
})

/** Nobody handed over what stands beside the weights: the plan tells what should, and the first write makes it so. */
function recall(run: Run): void {
  run.recovered = true
  run.aside = asideRecalled(run)
}

/** What was seen may be another by now: then everything is looked at again. */
async function openRelease(stay: Stay, wanted: OpenInput): Promise<Opened> {
  try {
    return await insist.openRelease(wanted)
  } catch (error) {
    if (typeOf(error) !== 'Outdated') throw error
    return beginAnew(stay.input, inheritance(stay))
  }
}

function memory(
  carried: CarriedRelease | undefined,
  opened: Opened,
  weight: number,
): Pick<
  Run,
  | 'weight'
  | 'aside'
  | 'marks'
  | 'retreats'
  | 'resumedBefore'
  | 'asked'
  | 'expired'
  | 'tried'
  | 'evidence'
  | 'override'
  | 'afterwards'
> &
  ToldBefore {
  return {
    weight,
    aside: carried?.aside ?? {},
    override: carried?.override ?? false,
    marks: carried?.marks ?? marksOf(opened, weight),
    resumedBefore: 0,
    retreats: carried?.retreats ?? 0,
    asked: carried?.asked ?? false,
    expired: carried?.expired ?? false,
    tried: carried?.tried ?? 0,
    ...(carried?.evidence ? { evidence: carried.evidence } : {}),
    ...(carried?.afterwards === undefined ? {} : { afterwards: carried.afterwards }),
    ...toldBefore(carried),
  }
}

type ToldBefore = Pick<Run, 'toldAt' | 'toldHold' | 'toldStop' | 'toldBeginning' | 'noted' | 'queued'>

const toldBefore = (carried: CarriedRelease | undefined): ToldBefore => ({
  toldAt: 0,
  toldHold: carried?.toldHold,
  toldStop: carried?.toldStop,
  toldBeginning: carried?.toldBeginning,
  noted: carried?.noted ?? false,
  ...(carried?.queued ? { queued: carried.queued } : {}),
})

/** A recovery without the carried marks: the weight that stands on the route counts from now on, after the rows that are known. */
function marksOf({ last }: Opened, weight: number): Mark[] {
  if (weight === 0) return []
  const slot = !last ? 0 : last.weight === weight ? last.slot : last.slot + 1
  return [{ slot, weight, since: Date.now() / 1_000, addedPods: false }]
}
