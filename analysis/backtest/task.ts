import type { Harm } from './harm.ts'
import { replayBy, type OtherRule } from './others.ts'
import { replay, type Outcome, type Setting } from './replay.ts'

export type RuleName = 'sluice' | OtherRule

/** Replays `from` to `to` (not included) of one rule at one level of harm. */
export type Task = { rule: RuleName; harm: Harm; from: number; to: number }

/** The outcomes of one task, in the order of the replays: who computes which task does not matter. */
export function outcomesOf(setting: Setting, { rule, harm, from, to }: Task): Outcome[] {
  return Array.from({ length: to - from }, (_, i) =>
    rule === 'sluice' ? replay(setting, harm, from + i) : replayBy(rule, setting, harm, from + i),
  )
}
