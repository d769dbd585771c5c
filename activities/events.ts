import { ROLLOUTS } from '../crds/resources.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'
import type { Happening } from './report.ts'

/** One Kubernetes Event per decision, about the Rollout. */
export async function recordEvent(
  deps: Deps,
  { ref, ...happening }: Happening & { ref: RolloutRef; uid: string },
): Promise<void> {
  await deps.events.record({
    regarding: { resource: ROLLOUTS, ...ref, uid: happening.uid },
    type: happening.type,
    reason: happening.reason,
    action: happening.reason,
    note: happening.message,
  })
}
