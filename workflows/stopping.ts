import type { Phase } from '../crds/conditions.ts'
import type { Run } from './run.ts'

/** What keeps a release from moving forward because somebody said so; going back is never stopped. */
export type Stop = { phase: 'Paused' | 'Suspended'; sentence: string }

export function stopOf({ desk, override, suspended }: Pick<Run, 'desk' | 'override' | 'suspended'>): Stop | undefined {
  if (override) return undefined
  if (desk.paused !== undefined) return { phase: 'Paused', sentence: `Paused by ${desk.paused}; resume lets it go on` }
  return suspended ? { phase: 'Suspended', sentence: 'Suspended: spec.suspend is true' } : undefined
}

const STOPPABLE: ReadonlySet<Phase> = new Set<Phase>(['Progressing', 'Analysing', 'AwaitingApproval', 'Paused'])

/** Whatever is said while it is stopped says that, too. */
export function withStop<T extends { phase: Phase; message: string; outcome?: unknown }>(run: Run, telling: T): T {
  const stop = stopOf(run)
  if (!stop || telling.outcome !== undefined || !STOPPABLE.has(telling.phase)) return telling
  return { ...telling, phase: stop.phase, message: `${stop.sentence}. ${telling.message}` }
}
