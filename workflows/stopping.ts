import type { Phase } from '../crds/conditions.ts'
import type { Held } from '../crds/freezing.ts'
import type { Run } from './run.ts'

/** What keeps a release from moving forward because somebody said so; going back is never stopped. */
export type Stop = { phase: 'Paused' | 'Suspended' | Held['phase']; sentence: string; pausedBy?: string }

export function stopOf(run: Pick<Run, 'desk' | 'override' | 'suspended' | 'held' | 'plan'>): Stop | undefined {
  const { desk, override, suspended } = run
  const held = holdOff(run)
  // Who may promote may not thereby lift what was frozen for everybody.
  if (held?.phase === 'Frozen') return held
  if (override) return undefined
  const { paused } = desk
  if (paused !== undefined)
    return { phase: 'Paused', sentence: `Paused by ${paused}; resume lets it go on`, pausedBy: paused }
  return suspended ? { phase: 'Suspended', sentence: 'Suspended: spec.suspend is true' } : held
}

/** A Freeze, or a line in which it stands. What served before comes back whatever is frozen. */
export const holdOff = ({ held, plan }: Pick<Run, 'held' | 'plan'>): Held | undefined =>
  plan.returns ? undefined : held

const STOPPABLE: ReadonlySet<Phase> = new Set<Phase>(['Progressing', 'Analysing', 'AwaitingApproval', 'Paused'])

/** Whatever is said while it is stopped says that, too. */
export function withStop<T extends { phase: Phase; message: string; outcome?: unknown }>(
  run: Run,
  telling: T,
): T & Pick<Stop, 'pausedBy'> {
  const stop = telling.outcome === undefined ? stopOf(run) : undefined
  if (!stop) return telling
  const { phase, sentence, pausedBy } = stop
  const who = pausedBy === undefined ? {} : { pausedBy }
  if (telling.phase === 'Holding') return { ...telling, ...who }
  if (!STOPPABLE.has(telling.phase)) return telling
  return { ...telling, phase, message: `${sentence}. ${telling.message}`, ...who }
}
