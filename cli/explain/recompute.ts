import { decodeLedger, judge, type Ledger } from '../../analysis/index.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { Explanation } from '../../crds/verdict.ts'
import { Refusal } from '../failure.ts'

/** The stored verdict held against the one that the stored ledger gives today. */
export type Recomputed = {
  ledger: Ledger
  /** As the Release has it. */
  stored: Explanation
  computed: Explanation
  /** `ahead`: the ledger is stored less often than the verdict, which has seen rows that are not here yet. */
  agreement: 'identical' | 'different' | 'ahead'
  /** Where they differ: `metrics.0.lnE`. */
  differences: string[]
}

/** Throws `Refusal` while there is nothing to compute from, and when the ledger cannot be read. */
export function recompute({ metadata, spec, status }: Release): Recomputed {
  const { verdict: stored, ledger: text } = status ?? {}
  const name = `release ${spec.number} of ${metadata.namespace}/${spec.rollout}`
  if (!stored || text === undefined) throw new Refusal(withoutEvidence(name, status?.outcome, spec.from))
  const ledger = decoded(text, name)
  const computed = judge({ ledger })
  if (stored.at > (ledger.rows.at(-1)?.t1 ?? 0)) {
    return { ledger, stored, computed, agreement: 'ahead', differences: [] }
  }
  const differences = different(computed, stored)
  return { ledger, stored, computed, agreement: differences.length === 0 ? 'identical' : 'different', differences }
}

function withoutEvidence(name: string, outcome: string | undefined, from: string | undefined): string {
  if (from === undefined) return `${name} was the first: there was nothing to compare it with`
  const when =
    outcome === undefined ? 'yet; the first row comes after analysis.interval' : `before it ended (${outcome})`
  return `${name} has no evidence: nothing was measured ${when}`
}

function decoded(text: string, name: string): Ledger {
  try {
    return decodeLedger(text)
  } catch (error) {
    throw new Refusal(`the ledger of ${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Paths at which two JSON values differ. The API server drops what is null, so null and absent are alike. */
function different(one: unknown, other: unknown, path: string[] = []): string[] {
  if (one === other || ((one ?? undefined) === undefined && (other ?? undefined) === undefined)) return []
  if (!isObject(one) || !isObject(other) || Array.isArray(one) !== Array.isArray(other)) return [path.join('.')]
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...keys].flatMap((key) => different(one[key], other[key], [...path, key]))
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
