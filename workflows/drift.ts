import type { Picture } from '../activities/picture.ts'
import type { Interruption, Run } from './run.ts'

/** Something of the adopted workload is not as the engine keeps it, as a sentence. */
export function driftOf({ adoption, stable }: Picture): string | undefined {
  if (!adoption || stable === undefined) return undefined
  const { replicas, held, apex, writers } = adoption
  if (apex !== stable) return `${writers.selector} took the revision from the selector of the apex Service`
  if (!held || replicas > 0) return `${writers.replicas} gave the adopted Deployment pods of its own`
  return undefined
}

/** Somebody else wrote what the engine keeps of an adopted workload: clients of the apex may meet other pods than stable's. */
export function foreignDrift(run: Run, picture: Picture): Interruption | undefined {
  if (picture.stable !== run.stable || !picture.adoption?.held) return undefined
  const drift = driftOf(picture)
  return drift === undefined ? undefined : { kind: 'foreignEdit', sentence: `Aborted: ${drift}` }
}
