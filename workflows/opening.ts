import type { Revision } from '../crds/traffic.ts'
import type { Opened } from '../activities/open.ts'
import type { Mark } from '../activities/picture.ts'
import type { CarriedRelease } from './contract.ts'
import { speakAbout } from './desk.ts'
import { openGuard, watch } from './guard.ts'
import { insist } from './proxies.ts'
import { beginAnew, type Stay } from './stay.ts'
import { asideRecalled } from './aside.ts'
import type { Run } from './run.ts'
import { standsInTheWay } from './weights.ts'
import { typeOf } from './words.ts'

export type Opening = {
  number: number
  revision: Revision
  stable: Revision
  returns?: boolean
  /** Number of the release that a person leaves by it. */
  leaves?: number
  because?: string
  stepIndex?: number
  epoch?: number
}

/** The run's memory: from the state an earlier run carried over, from the open Release, or fresh. */
export async function openRun(stay: Stay, opening: Opening): Promise<Run> {
  const { input, desk, picture } = stay
  const { number, revision, stable: from } = opening
  const carried = input.carried?.release?.number === number ? input.carried.release : undefined
  const opened = await openRelease(stay, opening)
  const weight = carried?.weight ?? picture.route.weights[revision] ?? 0
  const run: Run = {
    input,
    desk,
    picture,
    number,
    canary: revision,
    stable: from,
    ...termsOf(opened),
    seq: Math.max(carried?.seq ?? 0, picture.nextSeq),
    stepIndex: carried?.stepIndex ?? opening.stepIndex ?? 0,
    stepSince: carried?.stepSince ?? Date.now(),
    ...memory(carried, opened, weight),
    ...provenanceOf(opening, opened),
    replicas: picture.replicas,
    suspended: picture.suspend,
    held: heldIn(picture),
    routeGone: false,
    ...(carried?.edit ? { edit: { message: carried.edit, resumed: carried.editResumed ? -1 : 0 } } : {}),
    writing: false,
    warm: stay.warm,
    guard: openGuard(() => watched(run), {
      epoch: Math.max(carried?.epoch ?? 0, opening.epoch ?? 0),
      hold: carried?.hold,
      judgedFrom: weight > 0 && opened.measured ? Date.now() / 1_000 : undefined,
    }),
  }
  speakAbout(desk, { release: number, revision })
  desk.obstacle = () => standsInTheWay(run) ?? run.said?.message
  // What was there before this run began brings no news.
  const { foreign, preview, replacedBy } = picture.route
  if (foreign || preview !== undefined || (carried && replacedBy !== undefined)) desk.looked = true
  if (!carried && opening.stepIndex !== undefined) recall(run)
  if (weight > 0 || run.marks.at(-1)?.beside) watch(run.guard, run.marks)
  return run
}

const termsOf = ({
  plan,
  mode,
  measured,
  judgedAlone,
}: Opened): Pick<Run, 'plan' | 'mode' | 'measured' | 'judgedAlone'> => ({
  plan,
  mode,
  measured,
  judgedAlone,
})

function provenanceOf(opening: Opening, { author, ...opened }: Opened): Pick<Run, 'because' | 'author'> {
  const because = opening.because ?? opened.because
  return { ...(because === undefined ? {} : { because }), ...(author === undefined ? {} : { author }) }
}

/** What has nothing that serves is brought up whatever is frozen. */
const heldIn = ({ stable, stableReady, held }: Stay['picture']): Run['held'] =>
  stable === undefined || stableReady === 0 ? undefined : held

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
async function openRelease(stay: Stay, opening: Opening): Promise<Opened> {
  const { number, revision, stable: from, returns = false, leaves } = opening
  const wanted = { ref: stay.picture.ref, number, revision, from, returns, ...(leaves === undefined ? {} : { leaves }) }
  try {
    return await insist.openRelease(wanted)
  } catch (error) {
    if (typeOf(error) !== 'Outdated') throw error
    return beginAnew(stay)
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
  | 'warned'
  | 'expired'
  | 'passed'
  | 'stepped'
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
    warned: carried?.warned ?? false,
    expired: carried?.expired ?? false,
    passed: carried?.passed ?? false,
    stepped: carried?.stepped ?? false,
    tried: carried?.tried ?? 0,
    ...(carried?.evidence ? { evidence: carried.evidence } : {}),
    ...(carried?.afterwards === undefined ? {} : { afterwards: carried.afterwards }),
    ...toldBefore(carried),
  }
}

type ToldBefore = Pick<Run, 'toldAt' | 'toldHold' | 'toldStop' | 'toldBeginning' | 'noted' | 'queued' | 'approved'>

const toldBefore = (carried: CarriedRelease | undefined): ToldBefore => ({
  toldAt: 0,
  toldHold: carried?.toldHold,
  toldStop: carried?.toldStop,
  toldBeginning: carried?.toldBeginning,
  noted: carried?.noted ?? false,
  approved: carried?.approved ?? [],
  ...(carried?.queued ? { queued: carried.queued } : {}),
})

/** A recovery without the carried marks: the weight that stands on the route counts from now on, after the rows that are known. */
function marksOf({ last }: Opened, weight: number): Mark[] {
  if (weight === 0) return []
  const slot = !last ? 0 : last.weight === weight ? last.slot : last.slot + 1
  return [{ slot, weight, since: Date.now() / 1_000, addedPods: false }]
}
