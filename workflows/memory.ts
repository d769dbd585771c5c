import type { Ending } from './back.ts'
import type { CarriedRelease } from './contract.ts'
import type { Run } from './run.ts'

/** What the run that takes over has to know of this release. */
export const heldBy = (run: Run, ending: Ending | undefined): CarriedRelease => ({
  number: run.number,
  revision: run.canary,
  epoch: run.guard.epoch,
  seq: run.seq,
  weight: run.weight,
  ...(Object.keys(run.aside).length > 0 ? { aside: run.aside } : {}),
  marks: run.marks,
  retreats: run.retreats,
  ...(run.desk.paused === undefined ? {} : { paused: run.desk.paused }),
  ...(run.override ? { override: true } : {}),
  ...(run.afterwards === undefined ? {} : { afterwards: run.afterwards }),
  ...(ending ? { ending } : {}),
  ...stepOf(run),
  ...toldBy(run),
})

const stepOf = (run: Run): Pick<CarriedRelease, 'stepIndex' | 'stepSince'> & Partial<CarriedRelease> => ({
  stepIndex: run.stepIndex,
  stepSince: run.stepSince,
  ...(run.asked ? { asked: true } : {}),
  ...(run.warned ? { warned: true } : {}),
  ...(run.expired ? { expired: true } : {}),
  ...(run.passed ? { passed: true } : {}),
  ...(run.stepped ? { stepped: true } : {}),
  ...(run.desk.subject?.gate ? { gate: run.desk.subject.gate } : {}),
  ...(run.desk.subject?.pausing ? { pausing: true } : {}),
  ...(run.desk.subject?.settled ? { settled: run.desk.subject.settled } : {}),
  ...(run.tried > 0 ? { tried: run.tried } : {}),
  ...(run.evidence ? { evidence: run.evidence } : {}),
  ...(run.approved.length > 0 ? { approved: run.approved } : {}),
})

/** What was said already is no news in the next run. */
const toldBy = (run: Run): Partial<CarriedRelease> => ({
  ...(run.queued ? { queued: run.queued } : {}),
  ...(run.noted ? { noted: true } : {}),
  ...(run.toldStop === undefined ? {} : { toldStop: run.toldStop }),
  ...(run.toldBeginning === undefined ? {} : { toldBeginning: run.toldBeginning }),
  ...(run.guard.hold ? { hold: run.guard.hold } : {}),
  ...(run.toldHold ? { toldHold: run.toldHold } : {}),
  ...(run.edit ? { edit: run.edit.message } : {}),
  ...(run.edit && run.desk.resumed > run.edit.resumed ? { editResumed: true } : {}),
})
