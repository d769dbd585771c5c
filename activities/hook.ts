import { ApplicationFailure } from '@temporalio/activity'
import type { Step } from '../crds/plan.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Revision } from '../crds/traffic.ts'
import type { RolloutRef } from './picture.ts'

/** Which step of which release asks somebody else. */
export type HookInput = {
  ref: RolloutRef
  release: number
  /** From 0. */
  stepIndex: number
  /** How often the step was begun, from 1: a release that had to step back begins it again. */
  round: number
  stable: Revision
}

/** What is to be done is in the Release, not in the history. */
export function hookOf<K extends 'webhook' | 'job'>(
  { spec, metadata }: Release,
  stepIndex: number,
  kind: K,
): Extract<Step, { kind: K }> {
  const step = spec.plan.steps[stepIndex]
  if (step?.kind === kind) return step as Extract<Step, { kind: K }>
  throw ApplicationFailure.nonRetryable(`step ${stepIndex + 1} of Release ${metadata.name} is no ${kind}`, 'WrongStep')
}
