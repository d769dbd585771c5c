import { ROLLOUTS } from '../crds/resources.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'
import type { Happening } from './report.ts'

/** What failed to reach people is an Event alone: nobody could be told of it in the same way. */
export type Recorded = Omit<Happening, 'reason'> & {
  reason: Happening['reason'] | 'CallbackFailed' | 'NotificationFailed'
}

/** One Kubernetes Event per decision, about the Rollout. */
export async function recordEvent(
  deps: Deps,
  { ref, ...happening }: Recorded & { ref: RolloutRef; uid: string },
): Promise<void> {
  await deps.events.record({
    regarding: { resource: ROLLOUTS, ...ref, uid: happening.uid },
    type: happening.type,
    reason: happening.reason,
    action: happening.reason,
    note: happening.message,
  })
}
