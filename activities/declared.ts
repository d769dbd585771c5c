import type { Rollout } from '../crds/schema/rollout.ts'
import { NotDeclared, type Declared } from '../workload/declared.ts'
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
