import { onTestFinished } from 'vitest'
import colors from 'picocolors'
import { run } from '../../cli/program.ts'
import { releaseConditions, type Phase } from '../../crds/conditions.ts'
import { API_VERSION, LABEL, releaseObject } from '../../crds/names.ts'
import type { Plan } from '../../crds/plan.ts'
import { RELEASES, ROLLOUTS } from '../../crds/resources.ts'
import type { ReleaseStatus } from '../../crds/schema/release.ts'
import type { RolloutStatus } from '../../crds/schema/rollout.ts'
import type { KubeObject, Resource } from '../../kube/index.ts'
import { policy } from '../analysis/shop.ts'
import type { Json } from '../fakes/api-merge.ts'
import { placeOf, startApiServer, type ApiServer } from '../fakes/api-server.ts'

export const STABLE = 'aaaaaaaaaa'
export const CANARY = 'bbbbbbbbbb'
const STARTED = '2030-01-01T10:00:00Z'

const PLAN: Plan = {
  steps: [
    { kind: 'setWeight', weight: 5 },
    { kind: 'analyze', forMs: 120_000 },
    { kind: 'setWeight', weight: 25 },
    { kind: 'approve', name: 'go-wide', expiresAfterMs: 259_200_000 },
    { kind: 'setWeight', weight: 50 },
  ],
}

export type Cli = {
  server: ApiServer
  /** Runs a command to its end. */
  sluice: (...args: string[]) => Promise<{ code: number; out: string; complaints: string }>
  /** Runs a command and lets it go on; `seen` resolves as soon as that text was printed. */
  begin: (args: string[], screen?: { columns: number; rows: number }) => Begun
  rollout: (phase: Phase, message: string, status?: RolloutStatus, name?: string) => void
  release: (number: number, status: ReleaseStatus) => void
}

export type Begun = {
  ended: Promise<number>
  /** Ctrl-C. */
  interrupt: () => void
  seen: (text: string) => Promise<void>
  out: () => string
  complaints: () => string
}

/** A cluster with namespace shop, and somebody with a kubeconfig for it. */
export async function stage(): Promise<Cli> {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const begin: Cli['begin'] = (args, screen) => listen(server, args, screen)
  return {
    server,
    begin,
    async sluice(...args) {
      const begun = begin(args)
      return { code: await begun.ended, out: begun.out(), complaints: begun.complaints() }
    },
    rollout: (phase, message, status = {}, name = 'checkout') => putRollout(server, name, phase, message, status),
    release: (number, status) => putWithStatus(server, RELEASES, releaseOf(number, status)),
  }
}

function listen(server: ApiServer, args: string[], screen?: { columns: number; rows: number }): Begun {
  const text = { out: '', complaints: '' }
  const stops: (() => void)[] = []
  const waiting = new Set<() => void>()
  const hear = (stream: 'out' | 'complaints') => (words: string) => {
    text[stream] += words
    for (const look of waiting) look()
  }
  const ended = run(['--kubeconfig', server.kubeconfig, '-n', 'shop', ...args], {
    print: hear('out'),
    complain: hear('complaints'),
    colors: colors.createColors(false),
    now: () => Date.now(),
    onInterrupt: (stop) => void stops.push(stop),
    ...(screen ? { screen } : {}),
  })
  return {
    ended,
    interrupt: () => stops.forEach((stop) => stop()),
    seen: (words) =>
      new Promise((resolve) => {
        const look = () => {
          if (!text.out.includes(words)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    out: () => text.out,
    complaints: () => text.complaints,
  }
}

function putRollout(server: ApiServer, name: string, phase: Phase, message: string, status: RolloutStatus): void {
  const conditions = releaseConditions({ phase, message, generation: 1, at: Date.parse(STARTED) })
  putWithStatus(server, ROLLOUTS, {
    apiVersion: API_VERSION,
    kind: ROLLOUTS.kind,
    metadata: { name, namespace: 'shop', managedFields: [{ manager: 'kubectl', operation: 'Apply' }] },
    spec: {},
    status: { observedGeneration: 1, conditions, message, stable: STABLE, ...status },
  })
}

function putWithStatus(
  server: ApiServer,
  resource: Resource,
  object: KubeObject & Record<'spec' | 'status', object>,
): void {
  server.put(resource, object)
  server.store.merge(placeOf(resource, 'shop'), object.metadata.name, { status: object.status } as Json, 'status')
}

function releaseOf(number: number, status: ReleaseStatus) {
  return {
    apiVersion: API_VERSION,
    kind: RELEASES.kind,
    metadata: {
      name: releaseObject('checkout', number),
      namespace: 'shop',
      labels: { [LABEL.rollout]: 'checkout' },
    },
    spec: {
      rollout: 'checkout',
      number,
      revision: CANARY,
      ...(number === 1 ? {} : { from: STABLE }),
      plan: PLAN,
      policy: policy(),
      provenance: { commit: '3f2a9c1', author: 'Ada', message: 'Faster totals', images: [] },
    },
    status: { startedAt: STARTED, ...status },
  }
}
