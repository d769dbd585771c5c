import type { Revision } from '../crds/traffic.ts'
import type { RouteTarget } from '../router/router.ts'
import type { Deps } from './deps.ts'
import type { OpenRelease } from './picture.ts'
import { refusable } from './refusal.ts'

/** Both revisions get what the apex host's DestinationRules say now; `side`: whose side host too. What is refused fails for good. */
export async function prepareDestinations(
  { router }: Deps,
  { target, revisions, side }: { target: RouteTarget; revisions: Revision[]; side?: Revision },
): Promise<void> {
  await refusable(async () => {
    await router.prepare(target, revisions)
    if (side !== undefined) await router.prepareSide(target, side)
  })
}

/** Asked only while two revisions have hosts of their own. */
export async function areDestinationsBehind(
  { router }: Deps,
  target: RouteTarget,
  open: OpenRelease | undefined,
): Promise<boolean> {
  if (open?.from === undefined) return false
  return !(await router.inStep(target, [open.from, open.revision]))
}
