import { checkCel, encodeLedger, firstRung, unjudgeable, type Ledger } from '../analysis/index.ts'
import type { BeforeRequest } from '../analysis/sampler.ts'
import type { Policy } from '../crds/policy.ts'
import type { HoldReason } from '../crds/verdict.ts'
import type { Release } from '../crds/schema/release.ts'
import { describeError } from '../kube/index.ts'
import { newLedger, requestOf, type Arms } from './asking.ts'
import { samplerFor } from './credentials.ts'
import type { Deps } from './deps.ts'
import { heartbeating } from './heartbeat.ts'
import { notesOf } from './notes.ts'
import type { Happening } from './report.ts'
import { needRollout, routeTarget } from './rollouts.ts'
import { needRelease, releaseAt, storedLedger, writeStatus } from './storage.ts'
import type { Hold } from './watch.ts'

export type LookBackInput = Arms & { release: number; epoch: number }

export type Beginning = {
  /** The first weight of a ramp, percent. */
  rung?: number
  /** Why the first weight is not to be given yet. */
  hold?: Hold
  /** What a person should know all the same. */
  notes?: Happening[]
}

/** Analysis.md 5: so many times as fast as the objective allows, over both windows. */
const BURNING = 6

/** Looks at what was before the first weight, and stores it as the beginning of the ledger. */
export const lookBack = (deps: Deps, input: LookBackInput): Promise<Beginning> =>
  heartbeating((signal) => beginning(deps, input, signal))

async function beginning(deps: Deps, input: LookBackInput, signal: AbortSignal): Promise<Beginning> {
  const at = releaseAt(input.ref, input.release)
  const release = await needRelease(deps, at)
  const { ledger: stored, damage } = storedLedger(release)
  if (damage !== undefined) return { hold: holding('noData', damage) }
  if (stored && stored.rows.length > 0) return rungOf(stored)
  const broken = brokenBound(release.spec.policy)
  if (broken !== undefined) return { hold: holding('noData', broken) }
  let found: FirstLedger | undefined
  try {
    found = await firstLedger(deps, release, input, signal)
  } catch (error) {
    signal.throwIfAborted()
    return { hold: holding('noData', describeError(error)) }
  }
  if (!found) return {}
  const { ledger, refused, ...notes } = found
  if (refused !== undefined) return { ...rungOf(ledger), hold: holding('noData', refused) }
  await writeStatus(deps, at, input.epoch, { ledger: encodeLedger(ledger) })
  const hold = (await isServing(deps, input)) ? burning(ledger) : undefined
  return { ...rungOf(ledger), ...(hold ? { hold } : {}), ...notes }
}

/** An expression that nobody can judge by would hold the release with users on it. */
function brokenBound({ metrics }: Policy): string | undefined {
  for (const metric of metrics) {
    if (metric.kind !== 'gauge' || metric.advisory || metric.bounds.cel === undefined) continue
    const why = checkCel(metric.bounds.cel)
    if (why !== undefined) return unjudgeable(metric.name, why)
  }
  return undefined
}

type FirstLedger = { ledger: Ledger; refused?: string; notes?: Happening[] }

/** Undefined where nothing is measured. */
async function firstLedger(
  deps: Deps,
  release: Release,
  input: LookBackInput,
  signal: AbortSignal,
): Promise<FirstLedger | undefined> {
  const sampler = await samplerFor(deps, input.ref.namespace, release.spec.policy)
  if (!sampler) return undefined
  const rollout = await needRollout(deps.kube, input.ref)
  const { policy: declared } = release.spec
  const asked: BeforeRequest = { ...requestOf(release, input, declared), apex: rollout.spec.service.name }
  const { before, policy, refused, scrape } = await sampler.before(asked, signal)
  const ledger = { ...newLedger({ ...asked, policy }), sources: sampler.sources({ ...asked, policy }), before }
  if (refused !== undefined) return { ledger, refused }
  const affinity = await deps.router.affinity(routeTarget(rollout))
  const notes = notesOf({ declared, found: policy, scrape, affinity })
  return { ledger, ...(notes.length > 0 ? { notes } : {}) }
}

const rungOf = ({ policy, before }: Ledger): Beginning =>
  policy.ramp ? { rung: firstRung({ policy, ...(before ? { before } : {}) }) } : {}

/** Where stable has no ready pod, the release may be what mends it. */
async function isServing({ workload }: Deps, { ref, stable }: LookBackInput): Promise<boolean> {
  const states = await workload.revisions(ref)
  return (states.find(({ revision }) => revision === stable)?.ready ?? 0) > 0
}

function burning({ policy: { slo }, before }: Ledger): Hold | undefined {
  if (slo === undefined || !before?.burn) return undefined
  const speed = ([n, x]: [number, number]): number => (n === 0 ? 0 : x / n / (1 - slo))
  const [short, long] = [speed(before.burn.short), speed(before.burn.long)]
  if (short < BURNING || long < BURNING) return undefined
  const times = (burn: number): string => `${Number(burn.toPrecision(2))}×`
  return holding(
    'baselineBurning',
    `stable burns its error budget ${times(short)} as fast as analysis.slo allows over 30 minutes and ${times(long)} over 6 hours; promote starts the release all the same`,
  )
}

const holding = (reason: HoldReason, why: string): Hold => ({ reason, sentence: `Holding at 0 %: ${why}.` })
