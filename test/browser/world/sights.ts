import { encodeLedger, type Ledger } from '../../../analysis/index.ts'
import type { KubeEvent, Pod, Sight } from '../../../api/sight.ts'
import { releaseConditions, stalledConditions, type Phase, type Stall } from '../../../crds/conditions.ts'
import { API_VERSION, LABEL, releaseObject, revisionObject } from '../../../crds/names.ts'
import type { Outcome } from '../../../crds/outcome.ts'
import type { Step } from '../../../crds/plan.ts'
import type { Decision } from '../../../crds/schema/decision.ts'
import type { Release, ReleaseStatus } from '../../../crds/schema/release.ts'
import type { Rollout, RolloutStatus } from '../../../crds/schema/rollout.ts'
import type { Explanation } from '../../../crds/verdict.ts'

/** Objects as the engine writes them, from what a test wants to see. Times are epoch milliseconds. */

export type RolloutFacts = {
  namespace: string
  name: string
  phase: Phase
  message: string
  at: number
  image: string
  stall?: Stall
  status?: Omit<RolloutStatus, 'conditions' | 'message'>
}

export function rolloutOf({ namespace, name, phase, message, at, image, stall, status }: RolloutFacts): Rollout {
  const said = { message, generation: 3, at }
  return {
    apiVersion: API_VERSION,
    kind: 'Rollout',
    metadata: { namespace, name, generation: 3, uid: `${namespace}-${name}`, creationTimestamp: iso(at - 30 * DAY) },
    spec: { template: { spec: { containers: [{ name, image }] } } } as unknown as Rollout['spec'],
    status: {
      ...status,
      message,
      conditions: [...releaseConditions({ phase, ...said }), ...stalledConditions({ stall, ...said })],
    },
  }
}

export type ReleaseFacts = {
  namespace: string
  name: string
  number: number
  revision: string
  from?: string
  image: string
  commit: string
  author: string
  says: string
  steps: Step[]
  startedAt: number
  endedAt?: number
  outcome?: Outcome
  message: string
  stepIndex: number
  weight: number
  verdict?: Explanation
  ledger?: Ledger
  timeline: [at: number, event: string, message: string][]
}

export function releaseOf(facts: ReleaseFacts): Release {
  const { namespace, name, number, revision, from, image, commit, author, says, steps } = facts
  return {
    apiVersion: API_VERSION,
    kind: 'Release',
    metadata: {
      namespace,
      name: releaseObject(name, number),
      labels: { [LABEL.rollout]: name },
      creationTimestamp: iso(facts.startedAt),
    },
    spec: {
      rollout: name,
      number,
      revision,
      ...(from ? { from } : {}),
      template: {},
      plan: { steps },
      policy: {},
      provenance: { commit, author, message: says, images: [image] },
    } as unknown as Release['spec'],
    status: releaseStatus(facts),
  }
}

function releaseStatus(facts: ReleaseFacts): ReleaseStatus {
  const { startedAt, endedAt, outcome, message, stepIndex, weight, verdict, ledger, timeline, steps } = facts
  return {
    message,
    stepIndex,
    weight,
    step: `${stepIndex + 1}/${steps.length}`,
    startedAt: iso(startedAt),
    timeline: timeline.map(([at, event, message]) => ({ at: iso(at), event, message })),
    ...(endedAt === undefined ? {} : { endedAt: iso(endedAt) }),
    ...(outcome ? { outcome } : {}),
    ...(verdict ? { verdict } : {}),
    ...(ledger ? { ledger: encodeLedger(ledger) } : {}),
  }
}

export type PodFacts = {
  namespace: string
  revision: string
  count: number
  at: number
  unready?: string
  restarts?: number
}

export function podsOf(name: string, { namespace, revision, count, at, unready, restarts = 0 }: PodFacts): Pod[] {
  return Array.from({ length: count }, (_, i): Pod => {
    const isLast = i === count - 1
    const waits = isLast && unready !== undefined
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${revisionObject(name, revision)}-${'bcdfghjklm'[i % 10]}${'x4kq2'[i % 5]}${i}`,
        namespace,
        labels: { [LABEL.rollout]: name, [LABEL.revision]: revision },
        creationTimestamp: iso(at),
      },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: waits ? 'False' : 'True' }],
        containerStatuses: [
          {
            name,
            restartCount: isLast ? restarts : 0,
            state: waits ? { waiting: { reason: 'CrashLoopBackOff', message: unready } } : {},
          },
        ],
      },
    }
  })
}

export type DecisionFacts = Decision['spec'] & { at: number; namespace: string; status?: Decision['status'] }

export function decisionOf({ at, namespace, status, ...spec }: DecisionFacts): Decision {
  return {
    apiVersion: API_VERSION,
    kind: 'Decision',
    metadata: {
      namespace,
      name: `${spec.rollout}-${at.toString(36).slice(-5)}`,
      labels: { [LABEL.rollout]: spec.rollout },
      creationTimestamp: iso(at),
    },
    spec,
    ...(status ? { status } : {}),
  }
}

/** Events of a release are what its timeline says. */
export const eventsOf = ({ metadata: { namespace = '' }, spec, status }: Release): KubeEvent[] =>
  (status?.timeline ?? []).map(({ at, event, message }) => ({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace, name: `${spec.rollout}.${Date.parse(at).toString(36)}.${event.toLowerCase()}` },
    regarding: { kind: 'Rollout', namespace, name: spec.rollout },
    eventTime: at,
    type: /Rolled|Abort|Hold|Blocked/.test(event) ? 'Warning' : 'Normal',
    reason: event,
    note: message,
  }))

export const sightOf = (rollout: Rollout, parts: Partial<Omit<Sight, 'rollout'>> = {}): Sight => ({
  rollout,
  releases: [],
  decisions: [],
  pods: [],
  events: [],
  ...parts,
})

const DAY = 86_400_000

export const iso = (at: number): string => new Date(at).toISOString()
