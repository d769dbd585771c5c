import { log, setCurrentDetails, workflowInfo } from '@temporalio/workflow'
import type { Mark, Picture } from '../activities/picture.ts'
import type { Progress } from '../activities/report.ts'
import type { Plan } from '../crds/plan.ts'
import type { Fence, Revision } from '../crds/traffic.ts'
import type { ReleaseInput, Warm } from './contract.ts'
import type { Desk } from './desk.ts'
import type { Guard } from './guard.ts'
import { insist, telling } from './proxies.ts'

/** Everything one run knows. Mutable on purpose: it is the workflow's memory, and only its main loop writes it. */
export type Run = {
  input: ReleaseInput
  desk: Desk
  guard: Guard
  picture: Picture
  number: number
  canary: Revision
  stable: Revision
  plan: Plan
  seq: number
  stepIndex: number
  /** Epoch milliseconds. */
  stepSince: number
  weight: number
  marks: Mark[]
  retreats: number
  replicas: number
  suspended: boolean
  /** What a look found that ends or changes this release. */
  discovered?: Interruption
  routeGone: boolean
  /** A traffic write is under way: a second one waits. */
  writing: boolean
  /** A person said `promote`: holds and remaining steps are overridden. */
  override: boolean
  warm: Warm[]
}

export type Interruption =
  | { kind: 'rollback' | 'retreat'; sentence: string; reason: string }
  | { kind: 'abort' | 'reverted' | 'foreignEdit' | 'abortedOnRoute' | 'deleted' | 'superseded'; sentence: string }
  | { kind: 'promote' | 'step'; sentence: string }

/** Thrown at an await point of the main loop; caught in `release.ts` only. */
export class Interrupted extends Error {
  readonly interruption: Interruption
  constructor(interruption: Interruption) {
    super(interruption.sentence)
    this.interruption = interruption
  }
}

/** The next fence of this release: every write carries a higher one than the last. */
export const nextFence = (run: Run): Fence => ({ uid: run.picture.target.uid, release: run.number, seq: ++run.seq })

export const stepLabel = (run: Run): string =>
  `${Math.min(run.stepIndex + 1, run.plan.steps.length)}/${run.plan.steps.length}`

export type Telling = Pick<Progress, 'phase' | 'message'> &
  Partial<Pick<Progress, 'gate' | 'outcome' | 'event' | 'stable' | 'weight'>>

/** Writes the public record: Rollout and Release status, and an Event when there is something to remember. */
export async function tell(run: Run, telling_: Telling): Promise<void> {
  const { event, ...rest } = telling_
  const progress: Progress = {
    ref: run.picture.ref,
    number: run.number,
    canary: run.canary,
    stable: run.stable,
    stepIndex: run.stepIndex,
    step: stepLabel(run),
    weight: run.weight,
    epoch: run.guard.epoch,
    generation: run.picture.generation,
    at: Date.now(),
    ...(event ? { event } : {}),
    ...rest,
  }
  setCurrentDetails(
    `**${run.input.namespace}/${run.input.name}** release ${run.number}, step ${progress.step}\n\n${rest.message}`,
  )
  await insist.report(progress)
  if (event)
    telling
      .recordEvent({ ref: run.picture.ref, uid: run.picture.target.uid, ...event })
      .catch((error: unknown) => log.warn('event not recorded', { error }))
}

export const runAgeMs = (): number => Date.now() - workflowInfo().runStartTime.getTime()
