import type { Rollout } from '../crds/schema/rollout.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Revision } from '../crds/traffic.ts'
import { NotDeclared, type Declared } from '../workload/declared.ts'
import { sameSource } from '../workload/revision.ts'
import type { Deps } from './deps.ts'

/** Undefined where nothing can be run from what is declared; the controller says why. */
export async function declaredOrNot({ workload }: Deps, rollout: Rollout): Promise<Declared | undefined> {
  try {
    return await workload.declared(rollout)
  } catch (error) {
    if (error instanceof NotDeclared) return undefined
    throw error
  }
}

/** What is declared is what `stable` was released from; `releases` oldest first. */
export function isSourceOf(stable: Revision | undefined, source: Declared, releases: Release[]): boolean {
  const snapshot = releases.findLast(({ spec }) => spec.revision === stable)
  return snapshot ? sameSource(snapshot.spec, source) : source.revision === stable
}
