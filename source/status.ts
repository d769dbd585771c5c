import { API_VERSION, FIELD_MANAGER } from '../crds/names.ts'
import { conditionOf } from '../crds/conditions.ts'
import { SOURCES } from '../crds/resources.ts'
import type { Source, SourceStatus } from '../crds/schema/source.ts'
import type { Kube } from '../kube/index.ts'
import type { Commit } from './clone.ts'
import type { Entry } from './provenance.ts'
import { isOfRepository, type Fault, type Trouble } from './trouble.ts'

export type Drift = NonNullable<SourceStatus['drift']>[number]

/** What became of one look at a branch. */
export type Outcome = {
  /** The newest commit, as far as it was reached. */
  attempted?: Commit
  inventory: Entry[]
  drift: Drift[]
  /** Sentence for the condition. */
  message: string
} & ({ isApplied: true; attempted: Commit } | { isApplied: false; trouble?: Trouble })

const MOST_FAULTS = 20
const MOST_DRIFT = 100
const MOST_CHARS = 4096
const MOST_FAULT_CHARS = 1024

/** Of a look that ended at `at`, epoch milliseconds. What is applied stays what it was where nothing new is. */
export function statusOf({ metadata, status: before = {} }: Source, outcome: Outcome, at: number): SourceStatus {
  const { attempted, inventory, drift } = outcome
  const { commit, author, message, appliedAt } = before
  const isNew = outcome.isApplied && outcome.attempted.hash !== commit
  const faults = outcome.isApplied ? [] : (outcome.trouble?.faults ?? []).slice(0, MOST_FAULTS).map(bounded)
  const last = attempted?.hash ?? before.attempted
  return {
    ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
    conditions: conditionsOf({ metadata, before, outcome, at }),
    ...(isNew
      ? { commit: attempted!.hash, author: attempted!.author, message: attempted!.message, appliedAt: timeOf(at) }
      : given({ commit, author, message, appliedAt })),
    ...(last === undefined ? {} : { attempted: last }),
    ...(faults.length === 0 ? {} : { errors: faults }),
    ...(drift.length === 0 ? {} : { drift: drift.slice(0, MOST_DRIFT) }),
    inventory,
  }
}

/** Whoever complains at length does not keep the status from being written. */
const bounded = (fault: Fault): Fault => ({
  ...fault,
  ...(fault.file === undefined ? {} : { file: fault.file.slice(-MOST_FAULT_CHARS) }),
  message: fault.message.slice(0, MOST_FAULT_CHARS),
})

/** Kubernetes times have whole seconds. */
export const timeOf = (at: number): string => new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z')

/** The whole of what the engine says of a Source. Throws as the API server refuses. */
export async function writeStatus(
  kube: Pick<Kube, 'apply'>,
  { metadata }: Source,
  status: SourceStatus,
): Promise<void> {
  const { name, namespace } = metadata
  const object = { apiVersion: API_VERSION, kind: SOURCES.kind, metadata: { name, ...given({ namespace }) }, status }
  await kube.apply(SOURCES, object, { fieldManager: FIELD_MANAGER.source, force: true, subresource: 'status' })
}

type Saying = { metadata: Source['metadata']; before: SourceStatus; outcome: Outcome; at: number }

function conditionsOf({ metadata, before, outcome, at }: Saying): NonNullable<SourceStatus['conditions']> {
  const saying = {
    message: outcome.message.slice(0, MOST_CHARS),
    generation: metadata.generation ?? 0,
    at,
    previous: before.conditions,
  }
  if (outcome.isApplied) return [conditionOf('Ready', 'True', 'Applied', saying)]
  const { trouble } = outcome
  if (!trouble) return [conditionOf('Ready', 'Unknown', 'Suspended', saying)]
  const ready = conditionOf('Ready', 'False', trouble.reason, saying)
  return isOfRepository(trouble.reason) ? [ready, conditionOf('Stalled', 'True', trouble.reason, saying)] : [ready]
}

type Given<T> = { [K in keyof T]?: NonNullable<T[K]> }

/** Without what is undefined. */
const given = <T extends object>(values: T): Given<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>
