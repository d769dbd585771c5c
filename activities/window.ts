import { nextOpening, type Window } from '../crds/windows.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'

/** Epoch milliseconds. Workflows do not ask: what they know of time zones must not change between two replays. */
export async function lookWhenOpen(
  { now }: Pick<Deps, 'now'>,
  { allow }: { ref: RolloutRef; allow: Window[] },
): Promise<{ opensAt: number; isOpen: boolean }> {
  const at = now()
  const opensAt = nextOpening(allow, at)
  return { opensAt, isOpen: opensAt <= at }
}
