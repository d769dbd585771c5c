import type { Cell } from '../cell.ts'
import { MOST_PODS } from '../row.ts'
import { DURATION_BUCKET, DURATION_COUNT, REQUESTS } from './queries.ts'
import { podOf, replicaLabel, type Line } from './labels.ts'
import { Unusable, type Growth } from './tape.ts'

/** From what every series has grown by to the cells of a row. Throws Unusable where labels do not say enough. */

/** The Services of the two revisions. */
export type Arms = { canary: string; baseline: string; isAlone?: true }

export type Classes = Record<string, [nc: number, nb: number]>
export type Pods = Record<string, [n: number, x: number]>

/** gRPC statuses that are the server's fault, or nobody's answer: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE, DATA_LOSS… */
const BAD_GRPC = new Set(['2', '4', '8', '13', '14', '15'])
/** A client that went away is no failure of the server; an injected fault is one that somebody asked for. */
const CLIENT_ABORT = 'DC'
const INJECTED = new Set(['FI', 'DI'])

/** Throws Unusable unless both arms, or the one that is left, have series and every series can be told apart. */
export function assertReadable(lines: readonly Line[], arms: Arms, metric: string): void {
  const replica = replicaLabel(lines)
  if (replica !== undefined) throw new Unusable(`two replicas of Prometheus answer at once (label ${replica})`)
  for (const service of arms.isAlone ? [arms.canary] : [arms.canary, arms.baseline]) {
    const present = lines.some(({ labels }) => labels.destination_service_name === service)
    if (!present) throw new Unusable(`no ${metric} of ${service}`)
  }
}

export function tallyRequests(growths: readonly Growth[], arms: Arms): { cell: Cell; classes: Classes } {
  const cell: Cell = [0, 0, 0, 0]
  const classes: Classes = {}
  for (const { labels, amount } of growths) {
    const arm = labels.destination_service_name === arms.canary ? 0 : 1
    cell[arm] += amount
    const { bad, kinds } = verdictOn(labels)
    if (bad) cell[arm === 0 ? 2 : 3] += amount
    for (const kind of amount > 0 ? kinds : []) (classes[kind] ??= [0, 0])[arm] += amount
  }
  return { cell, classes }
}

/** What each of the canary's pods answered: those with the most bad requests, then with the most of all. */
export function tallyPods(growths: readonly Growth[]): Pods {
  const pods: Pods = {}
  for (const { labels, amount } of growths) {
    const pod = podOf(labels)
    if (pod === undefined) continue
    const own = (pods[pod] ??= [0, 0])
    own[0] += amount
    if (verdictOn(labels).bad) own[1] += amount
  }
  const sorted = Object.entries(pods).sort(([a, [n, x]], [b, [m, y]]) => y - x || m - n || (a < b ? -1 : 1))
  return Object.fromEntries(sorted.filter(([, [n]]) => n > 0).slice(0, MOST_PODS))
}

/** Requests slower than the boundary (milliseconds): `count − bucket{le}`. Nothing is interpolated. */
export function tallyLatency(growths: readonly Growth[], arms: Arms, boundary: number): Cell {
  const cell: Cell = [0, 0, 0, 0]
  const found = [false, arms.isAlone === true]
  for (const { labels, amount } of growths) {
    const arm = labels.destination_service_name === arms.canary ? 0 : 1
    if (labels.__name__ === DURATION_COUNT) {
      cell[arm] += amount
      cell[arm === 0 ? 2 : 3] += amount
    } else if (labels.__name__ === DURATION_BUCKET && Number(labels.le) === boundary) {
      cell[arm === 0 ? 2 : 3] -= amount
      found[arm] = true
    }
  }
  const [nc, nb, xc, xb] = cell
  if (!found.every(Boolean)) throw new Unusable(`${DURATION_BUCKET} has no boundary ${boundary}`)
  if (xc < 0 || xb < 0 || xc > nc || xb > nb) throw new Unusable(`${DURATION_BUCKET} and _count do not fit together`)
  return cell
}

/** Whether requests of this series failed, and what they are called in the explanation. */
function verdictOn(labels: Record<string, string>): { bad: boolean; kinds: string[] } {
  const { response_code: code, grpc_response_status: grpc, response_flags } = labels
  if (code === undefined) throw new Unusable(`${REQUESTS} lacks the label response_code`)
  const flags = (response_flags ?? '').split(',').filter((flag) => flag !== '' && flag !== '-')
  if (flags.includes(CLIENT_ABORT)) return { bad: false, kinds: [`client:${CLIENT_ABORT}`] }
  if (flags.some((flag) => INJECTED.has(flag))) return { bad: false, kinds: [] }
  const badGrpc = grpc !== undefined && BAD_GRPC.has(grpc)
  if (!badGrpc && !/^(5..|0)$/.test(code)) return { bad: false, kinds: [] }
  return { bad: true, kinds: [badGrpc ? `code:gRPC ${grpc}` : `code:${code}`, ...flags.map((flag) => `flag:${flag}`)] }
}
