/** What a policy would have done in a service's own past: exact replays, without any server. */
export { harmsOf, SHARE_LEVELS, targetOf, TIMES_LEVELS, type Harm, type HarmLevel } from './harm.ts'
export { badShareOf, totalsOf, type History, type Moment } from './history.ts'
export { withBoundaries } from './latency.ts'
export { OTHER_RULES } from './others.ts'
export type { Outcome, Setting } from './replay.ts'
export { summaryOf, wilson, type Share, type Spread, type Summary } from './summary.ts'
export { outcomesOf, type RuleName, type Task } from './task.ts'
