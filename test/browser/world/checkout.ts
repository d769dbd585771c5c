import type { Sight } from '../../../api/sight.ts'
import type { Step } from '../../../crds/plan.ts'
import type { Release } from '../../../crds/schema/release.ts'
import type { Seen } from '../world.ts'
import { INTERVAL_S, judged, ledgerOf, type Stretch } from './evidence.ts'
import { decisionOf, eventsOf, iso, podsOf, releaseOf, rolloutOf, sightOf } from './sights.ts'

const MINUTE = 60_000
const REF = { namespace: 'shop', name: 'checkout' } as const

export const GATE = 'go-wide'
export const STABLE = 'b7c41d09ea'
export const CANARY = '3f9a1c2b7d'

const STEPS: Step[] = [
  { kind: 'setWeight', weight: 5 },
  { kind: 'analyze', forMs: 5 * MINUTE },
  { kind: 'setWeight', weight: 25 },
  { kind: 'analyze', forMs: 10 * MINUTE },
  { kind: 'approve', name: GATE, expiresAfterMs: 72 * 60 * MINUTE },
  { kind: 'setWeight', weight: 50 },
  { kind: 'analyze', forMs: 10 * MINUTE },
  { kind: 'bake', forMs: 30 * MINUTE },
]

const CLEAN: Stretch[] = [
  { weight: 5, rows: 20 },
  { weight: 25, rows: 62 },
]

/** A release that went well until its gate, after four that went as they go. */
export function checkout(now: number): Sight {
  const startedAt = now - 22 * MINUTE
  const current = atGate(now, startedAt)
  const message = `Gate ${GATE}: waiting for an approval at 25 %`
  const rollout = rolloutOf({
    ...REF,
    phase: 'AwaitingApproval',
    message,
    at: now - 4 * MINUTE,
    image: 'registry.shop.example/checkout:1.8.0',
    status: { stable: STABLE, canary: CANARY, weight: 25, step: '5/8', gate: GATE, release: 14 },
  })
  return sightOf(rollout, {
    releases: [...past(now), current],
    pods: [
      ...podsOf('checkout', { ...REF, revision: CANARY, count: 2, at: startedAt }),
      ...podsOf('checkout', { ...REF, revision: STABLE, count: 6, at: now - 3_000 * MINUTE }),
    ],
    events: eventsOf(current),
    decisions: [
      decisionOf({
        ...REF,
        at: now - 15 * MINUTE,
        rollout: 'checkout',
        release: 14,
        revision: CANARY,
        action: 'pause',
        by: 'mara@shop.example',
        reason: 'wait until the newsletter is out',
        status: { outcome: 'Applied', message: 'paused at 25 %', at: iso(now - 15 * MINUTE) },
      }),
      decisionOf({
        ...REF,
        at: now - 12 * MINUTE,
        rollout: 'checkout',
        release: 14,
        revision: CANARY,
        action: 'resume',
        by: 'mara@shop.example',
        status: { outcome: 'Applied', message: 'release 14 goes on at 25 %', at: iso(now - 12 * MINUTE) },
      }),
    ],
  })
}

function atGate(now: number, startedAt: number): Release {
  const from = Math.ceil((startedAt + MINUTE) / 15_000) * INTERVAL_S
  const { ledger, verdict } = judged(
    ledgerOf({ seed: 5, canary: `checkout-${CANARY}`, baseline: `checkout-${STABLE}`, from, stretches: CLEAN }),
  )
  const at = from * 1_000
  return releaseOf({
    ...REF,
    number: 14,
    revision: CANARY,
    from: STABLE,
    image: 'registry.shop.example/checkout:1.8.0',
    commit: '8d1f0c6b52aa94e1d7',
    author: 'Noor Haddad',
    says: 'checkout 1.8.0: pay in instalments',
    steps: STEPS,
    startedAt,
    message: `Gate ${GATE}: waiting for an approval at 25 %`,
    stepIndex: 4,
    weight: 25,
    verdict,
    ledger,
    timeline: [
      [startedAt, 'ReleaseStarted', `Release 14: preparing revision ${CANARY}`],
      [at, 'WeightSet', `Release 14: 5 % of the traffic goes to revision ${CANARY}`],
      [at + 5 * MINUTE, 'WeightSet', `Release 14: 25 % of the traffic goes to revision ${CANARY}: ${ADVANCED}`],
      [now - 15 * MINUTE, 'Paused', 'Paused at 25 % by mara@shop.example'],
      [now - 12 * MINUTE, 'Resumed', 'Release 14 goes on at 25 %'],
      [now - 4 * MINUTE, 'ApprovalNeeded', `Release 14 waits at gate ${GATE}`],
    ],
  })
}

const ADVANCED = 'nothing speaks against it after five minutes'

/** Newest last, as they are numbered. */
function past(now: number): Release[] {
  return [
    ended(
      now - 9_000 * MINUTE,
      10,
      'a1b2c3d4e5',
      '1.5.0',
      'Promoted',
      CLEAN,
      'Ines Okafor',
      'checkout 1.5.0: vouchers',
    ),
    ended(
      now - 7_100 * MINUTE,
      11,
      'c0ffee1234',
      '1.6.0',
      'RolledBack',
      BROKEN,
      'Jonas Lind',
      'checkout 1.6.0: new tax tables',
    ),
    ended(
      now - 5_600 * MINUTE,
      12,
      'd15ea5e012',
      '1.6.1',
      'RolledBack',
      SLOW,
      'Jonas Lind',
      'checkout 1.6.1: tax tables, again',
    ),
    ended(
      now - 3_100 * MINUTE,
      13,
      STABLE,
      '1.7.0',
      'Promoted',
      CLEAN,
      'Ines Okafor',
      'checkout 1.7.0: tax tables in the cache',
    ),
  ]
}

const BROKEN: Stretch[] = [
  { weight: 5, rows: 20 },
  { weight: 25, rows: 40, bad: 0.05 },
]
const SLOW: Stretch[] = [
  { weight: 5, rows: 20, slow: 0.13 },
  { weight: 25, rows: 40, slow: 0.13 },
]

function ended(
  startedAt: number,
  number: number,
  revision: string,
  version: string,
  outcome: 'Promoted' | 'RolledBack',
  stretches: Stretch[],
  author: string,
  says: string,
): Release {
  const from = Math.ceil((startedAt + MINUTE) / 15_000) * INTERVAL_S
  const canary = `checkout-${revision}`
  const { ledger, verdict } = judged(ledgerOf({ seed: number, canary, baseline: 'checkout-stable', from, stretches }))
  const end = (ledger.rows.at(-1)?.t1 ?? from) * 1_000 + 2_000
  const at = from * 1_000
  const promoted = outcome === 'Promoted'
  const message = promoted ? `Revision ${revision} serves all of the traffic` : verdict.sentence
  return releaseOf({
    ...REF,
    number,
    revision,
    from: 'f0e1d2c3b4',
    image: `registry.shop.example/checkout:${version}`,
    commit: `${revision}77aa`,
    author,
    says,
    steps: STEPS,
    startedAt,
    endedAt: end,
    outcome,
    message,
    stepIndex: promoted ? STEPS.length : verdict.weight === 5 ? 1 : 3,
    weight: promoted ? 100 : 0,
    verdict,
    ledger,
    timeline: [
      [at, 'WeightSet', `Release ${number}: 5 % of the traffic goes to revision ${revision}`],
      ...(verdict.weight > 5 || promoted
        ? ([[at + 5 * MINUTE, 'WeightSet', `Release ${number}: 25 % of the traffic goes to revision ${revision}`]] as [
            number,
            string,
            string,
          ][])
        : []),
      ...(promoted
        ? ([
            [end - 4 * MINUTE, 'GateApproved', `Gate ${GATE} approved by mara@shop.example`],
            [end - 3 * MINUTE, 'WeightSet', `Release ${number}: 50 % of the traffic goes to revision ${revision}`],
          ] as [number, string, string][])
        : []),
      [end, outcome, message],
    ],
  })
}

/** What the engine makes of an approval: the decision had its effect, and the release goes on. */
export function approved(sight: Seen, now: number): Seen {
  const message = `50 % of the traffic goes to ${CANARY}`
  const rollout = rolloutOf({
    ...REF,
    phase: 'Progressing',
    message,
    at: now,
    image: 'registry.shop.example/checkout:1.8.0',
    status: { stable: STABLE, canary: CANARY, weight: 50, step: '6/8', release: 14 },
  })
  const answered = { outcome: 'Applied', message: `gate ${GATE} is open`, at: iso(now) } as const
  return {
    ...sight,
    rollout,
    decisions: sight.decisions.map((one) => (one.status ? one : { ...one, status: answered })),
    releases: sight.releases.map((one) =>
      one.status?.outcome === undefined
        ? { ...one, status: { ...one.status, message, stepIndex: 5, weight: 50 } }
        : one,
    ),
  }
}
