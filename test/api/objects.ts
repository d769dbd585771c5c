import { parse } from 'yaml'
import { readFileSync } from 'node:fs'
import type { Ledger, Row } from '../../analysis/index.ts'
import { encodeLedger } from '../../analysis/index.ts'
import type { KubeEvent, Pod } from '../../api/sight.ts'
import { releaseConditions, stalledConditions, type Phase, type Stall } from '../../crds/conditions.ts'
import { API_VERSION, LABEL, releaseObject, revisionObject } from '../../crds/names.ts'
import { compile } from '../../crds/plan.ts'
import type { Decision } from '../../crds/schema/decision.ts'
import type { Release, ReleaseStatus } from '../../crds/schema/release.ts'
import type { Rollout, RolloutStatus } from '../../crds/schema/rollout.ts'
import { rolloutSpec } from '../../crds/schema/rollout.ts'

/** Objects as the engine writes them. */
const MANIFEST = parse(readFileSync(new URL('../fixtures/valid/checkout.yaml', import.meta.url), 'utf8')) as Rollout

export const STABLE = 'aaaaaaaaaa'
export const CANARY = 'bbbbbbbbbb'
/** As the objects below say it. */
export const BEGAN = Date.UTC(2026, 10, 21, 9, 0, 0)

export type Told = { phase?: Phase; stall?: Stall; message?: string; status?: Partial<RolloutStatus>; name?: string }

export function rollout(
  namespace: string,
  { phase, stall, message = 'As it is', status, name = 'checkout' }: Told = {},
): Rollout {
  const { metadata, apiVersion, kind } = MANIFEST
  const said = { message, generation: 1, at: BEGAN }
  return {
    apiVersion,
    kind,
    metadata: { ...metadata, namespace, name },
    spec: SPEC,
    ...(phase
      ? {
          status: {
            conditions: [...releaseConditions({ phase, ...said }), ...stalledConditions({ stall, ...said })],
            message,
            stable: STABLE,
            ...status,
          },
        }
      : {}),
  }
}

/** With the defaults that an API server fills in. */
const SPEC = rolloutSpec.parse(MANIFEST.spec)

/** A release that is under way, at the gate `go-wide` of the manifest's plan. */
export const AT_THE_GATE: Told = {
  phase: 'AwaitingApproval',
  message: 'Gate go-wide: waiting for an approval at 25 %',
  status: { canary: CANARY, weight: 25, gate: 'go-wide', release: 7, step: '5/8' },
}

export function release(namespace: string, number: number, status: ReleaseStatus = {}, name = 'checkout'): Release {
  return {
    apiVersion: API_VERSION,
    kind: 'Release',
    metadata: { namespace, name: releaseObject(name, number), labels: { [LABEL.rollout]: name } },
    spec: {
      rollout: name,
      number,
      revision: CANARY,
      from: STABLE,
      template: SPEC.template ?? { spec: { containers: [] } },
      ...compile(SPEC),
      provenance: { commit: '3f2a9c1', author: 'Ada', message: 'Faster totals', images: ['shop.local/checkout:1.5.0'] },
    },
    status: { stepIndex: 4, weight: 25, startedAt: new Date(BEGAN).toISOString(), ...status },
  }
}

export const row = (index: number, weight: number, more: Partial<Row> = {}): Row => ({
  t0: BEGAN / 1_000 + index * 2,
  t1: BEGAN / 1_000 + index * 2 + 2,
  weight,
  slot: 0,
  ready: 3,
  cells: { errors: [100, 300, 2, 3] },
  ...more,
})

export const ledger = (rows: Row[]): string => encodeLedger(ledgerOf(rows))

export const ledgerOf = (rows: Row[]): Ledger => ({
  v: 1,
  canary: CANARY,
  baseline: STABLE,
  policy: compile(SPEC).policy,
  sources: [],
  rows,
})

export const pod = (namespace: string, revision: string, index: number, status: PodStatus = RUNNING): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    namespace,
    name: `${revisionObject('checkout', revision)}-${index}`,
    labels: { [LABEL.rollout]: 'checkout', [LABEL.revision]: revision },
  },
  status,
})

type PodStatus = NonNullable<Pod['status']>

const RUNNING: PodStatus = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [{ name: 'checkout', restartCount: 1, state: {} }],
}

export const event = (namespace: string, reason: string, note: string, more: Partial<KubeEvent> = {}): KubeEvent => ({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { namespace, name: `checkout.${reason.toLowerCase()}` },
  eventTime: new Date(BEGAN).toISOString(),
  regarding: { kind: 'Rollout', namespace, name: 'checkout' },
  type: 'Normal',
  reason,
  note,
  ...more,
})

export const decision = (
  namespace: string,
  name: string,
  spec: Partial<Decision['spec']> = {},
  status?: NonNullable<Decision['status']>,
): Decision => ({
  apiVersion: API_VERSION,
  kind: 'Decision',
  metadata: { namespace, name, labels: { [LABEL.rollout]: 'checkout' } },
  spec: { rollout: 'checkout', release: 7, revision: CANARY, gate: 'go-wide', action: 'approve', by: 'alice', ...spec },
  ...(status ? { status } : {}),
})
