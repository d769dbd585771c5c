import { isDeepStrictEqual } from 'node:util'
import type { Hosts, Owner } from '../../crds/hosts.ts'
import type { Revision } from '../../crds/traffic.ts'

/** One entry of `spec.http[].route`. Everything but host and weight is the user's and stays. */
export type RouteDestination = {
  destination: { host: string; subset?: string; port?: unknown }
  weight?: number
} & Record<string, unknown>

export type Weights = Record<Revision, number>

/**
 * The user's list with each apex entry divided among revisions in proportion to `weights`, stable first; a revision at 0
 * is left out. Shares are exact: where a weight cannot be divided in whole numbers, all weights of the list are multiplied
 * (Istio reads them in proportion), so a foreign destination keeps exactly its share.
 */
export function split(list: RouteDestination[], weights: Weights, stable: Revision, hosts: Hosts): RouteDestination[] {
  const parts = Object.entries(weights)
    .filter(([, weight]) => weight > 0)
    .sort(([a], [b]) => Number(b === stable) - Number(a === stable) || (a < b ? -1 : 1))
  const owned = list.filter((entry) => kindOf(entry, hosts) === 'apex').map((entry) => weightOf(entry, list))
  const whole = parts.reduce((sum, [, weight]) => sum + weight, 0)
  const factor = owned.flatMap((own) => parts.map(([, weight]) => whole / gcd(own * weight, whole))).reduce(lcm, 1)
  return list.flatMap((entry) => {
    const weight = weightOf(entry, list) * factor
    if (kindOf(entry, hosts) !== 'apex') return factor === 1 ? entry : { ...entry, weight }
    return parts.map(([revision, part]) => withHost({ ...entry, weight: (weight * part) / whole }, hosts.of(revision)))
  })
}

/** Percent of our own share per revision; the apex counts for `stable`. Undefined when nothing here is ours. */
export function weightsOf(list: RouteDestination[], stable: Revision | undefined, hosts: Hosts): Weights | undefined {
  const own = list.flatMap((entry) => {
    const owner = hosts.ownerOf(entry.destination)
    return owner.kind === 'foreign' ? [] : { revision: revisionOf(owner) ?? stable, weight: weightOf(entry, list) }
  })
  if (own.length === 0) return undefined
  const total = own.reduce((sum, { weight }) => sum + weight, 0)
  const sums: Weights = {}
  for (const { revision, weight } of own) {
    if (revision !== undefined && weight > 0) sums[revision] = (sums[revision] ?? 0) + weight
  }
  return Object.fromEntries(Object.entries(sums).map(([revision, sum]) => [revision, round((100 * sum) / total)]))
}

/** Revisions whose own host stands in the list. */
export const revisionsIn = (list: RouteDestination[], hosts: Hosts): Revision[] =>
  list.flatMap((entry) => revisionOf(hosts.ownerOf(entry.destination)) ?? [])

export type Written = { rest: RouteDestination[]; weights: Weights; stable: Revision }

/**
 * The list as the user means it. A list that names no revision is the user's latest word. One that does came from
 * `written`; where somebody has changed foreign entries since, those changes are kept and only our hosts go back.
 */
export function original(list: RouteDestination[], written: Written | undefined, hosts: Hosts): RouteDestination[] {
  if (revisionsIn(list, hosts).length === 0) return list
  const foreign = (entries: RouteDestination[]) => entries.filter((entry) => kindOf(entry, hosts) === 'foreign')
  const expected = written && split(written.rest, written.weights, written.stable, hosts)
  return expected && isDeepStrictEqual(foreign(expected), foreign(list)) ? written.rest : collapse(list, hosts)
}

/** Names the apex instead of a revision, in a list that is not ours to arrange. */
export const withoutRevision = (list: RouteDestination[], revision: Revision, hosts: Hosts): RouteDestination[] =>
  list.map((entry) => (revisionOf(hosts.ownerOf(entry.destination)) === revision ? withHost(entry, hosts.apex) : entry))

/** All of ours become one apex entry where the first of them stands. */
function collapse(list: RouteDestination[], hosts: Hosts): RouteDestination[] {
  const own = list.filter((entry) => kindOf(entry, hosts) !== 'foreign')
  const weight = own.reduce((sum, entry) => sum + weightOf(entry, list), 0)
  const kept = list.filter((entry) => entry === own[0] || kindOf(entry, hosts) === 'foreign')
  return kept.map((entry) => {
    if (entry !== own[0]) return entry
    const { weight: _, ...alone } = entry
    return withHost(kept.length === 1 ? alone : { ...entry, weight }, hosts.apex)
  })
}

/** An only destination gets everything, whatever its weight; among several a missing weight is 0. */
export function weightOf({ weight = 0 }: RouteDestination, list: RouteDestination[]): number {
  return list.length === 1 && weight === 0 ? 100 : weight
}

export const withHost = (
  entry: Omit<RouteDestination, 'destination'> & Record<string, unknown>,
  host: string,
): RouteDestination => ({
  ...entry,
  destination: { ...(entry['destination'] as RouteDestination['destination']), host },
})

const kindOf = ({ destination }: RouteDestination, hosts: Hosts): Owner['kind'] => hosts.ownerOf(destination).kind
const revisionOf = (owner: Owner): Revision | undefined => (owner.kind === 'revision' ? owner.revision : undefined)
const round = (percent: number): number => Math.round(percent * 1_000) / 1_000
const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))
const lcm = (a: number, b: number): number => (a / gcd(a, b)) * b
