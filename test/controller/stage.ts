import { onTestFinished, expect } from 'vitest'
import { startController, type RolloutRef, type RunState, type Word, type Workflows } from '../../controller/index.ts'
import { releaseConditions, type Phase } from '../../crds/conditions.ts'
import { API_VERSION, FIELD_MANAGER, LABEL, releaseObject, revisionObject, routeAnnotation } from '../../crds/names.ts'
import { DEPLOYMENTS, RELEASES, ROLLOUTS, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { PodTemplate, Rollout, RolloutStatus } from '../../crds/schema/rollout.ts'
import { createKube } from '../../kube/index.ts'
import { createLog, createMetrics } from '../../telemetry/index.ts'
import { revisionOf } from '../../workload/revision.ts'
import { placeOf, startApiServer, type ApiServer } from '../fakes/api-server.ts'
import { eventually } from '../patience.ts'

export const NAMESPACE = 'shop'

export const template = (image: string): PodTemplate => ({
  metadata: { labels: { app: 'shop' } },
  spec: { containers: [{ name: 'app', image }] },
})
export const revision = (image: string): string => revisionOf({ template: template(image), configs: {} })

/** Temporal as the controller knows it: who was told to look, who runs, and whether it answers at all. */
export function fakeWorkflows() {
  const looks: string[] = []
  const cancelled: string[] = []
  const states = new Map<string, RunState>()
  const words: Word[] = []
  const messages: Parameters<Workflows['tell']>[1][] = []
  const attempts: string[] = []
  let refusal: string | undefined
  let down: string | undefined
  const answer = async <R>(give: () => R): Promise<R> => {
    if (down !== undefined) throw new Error(down)
    return give()
  }
  const workflows: Workflows = {
    look: ({ name }: RolloutRef) =>
      answer(() => {
        looks.push(name)
        if (!states.get(name)?.running) states.set(name, { running: true })
      }),
    describe: ({ name }) => answer(() => states.get(name) ?? { running: false }),
    cancel: ({ name }) => answer(() => void cancelled.push(name)),
    tell: (_, message) => answer(() => void messages.push(message)),
    decide(_, word) {
      attempts.push(word.name)
      return answer(() => {
        words.push(word)
        return refusal
      })
    },
  }
  return {
    workflows,
    /** Names of Rollouts, one per signal. */
    looks,
    cancelled,
    /** Decisions that were handed over. */
    words,
    /** Their names, once per attempt. */
    attempts,
    /** What people were told outside the cluster. */
    messages,
    /** No run takes any, in these words. */
    refuse: (why: string | undefined) => (refusal = why),
    set: (name: string, state: RunState) => states.set(name, state),
    fail: (words: string | undefined) => (down = words),
  }
}

const SPEC = {
  replicas: 3,
  service: { ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
  strategy: { canary: { steps: [{ setWeight: 5 }] } },
  bake: { for: '0s', holdBack: 5 },
  config: [],
  suspend: false,
}

/** A namespace of a cluster, and a controller that looks at it. */
export async function stage({
  checkMs = 60_000,
  unavailableAfterMs = 10_000,
  settleMs = 20,
  keepDecisionsMs = 60_000,
  collectMs = 60_000,
} = {}) {
  const server = await startApiServer()
  const temporal = fakeWorkflows()
  const metrics = createMetrics()
  const kube = createKube({ kubeconfig: server.kubeconfig })
  const log = createLog({ component: 'controller', level: 'silent' })
  onTestFinished(() => server.stop())
  const people = peopleAt(server)
  const run = runAt(server)
  const start = (options: { standby?: boolean } = {}) => {
    const timing = { checkMs, unavailableAfterMs, invalidMs: 50, settleMs, keepDecisionsMs, collectMs }
    const controller = startController({ kube, workflows: temporal.workflows, log, metrics, timing, ...options })
    onTestFinished(() => controller.stop())
    return controller
  }
  const looks = (name: string) => temporal.looks.filter((one) => one === name).length
  const status = (name: string) =>
    server.store.read(placeOf(ROLLOUTS, NAMESPACE), name).status as RolloutStatus | undefined
  const stalled = (name: string) => {
    const found = status(name)?.conditions?.find(({ type }) => type === 'Stalled')
    return found && { reason: found.reason, message: found.message }
  }
  /** Returns when everything that happened before was judged: a Rollout of its own is told to look after that. */
  const caughtUp = async () => {
    await eventually(() => expect(server.watches()).toBeGreaterThanOrEqual(9))
    const name = `beacon-${beacons++}`
    people.declare(name, 'one')
    run.serves(name, 'one')
    run.begins(name, 'one')
    await eventually(() => expect(looks(name)).toBeGreaterThan(0))
    const before = looks(name)
    people.editRoute(name, [{ name: 'edited' }])
    await eventually(() => expect(looks(name)).toBeGreaterThan(before))
  }
  return { server, temporal, metrics, start, looks, ...people, ...run, status, stalled, caughtUp }
}

let beacons = 0

/** What people do: they declare, and edit routes. */
function peopleAt(server: ApiServer) {
  const put = (resource: typeof ROLLOUTS, apiVersion: string, name: string, rest: object) =>
    server.put(resource, { apiVersion, kind: resource.kind, metadata: { namespace: NAMESPACE, name }, ...rest })
  /** Routes go to the Service of that name where nothing else is said. */
  const editRoute = (name: string, http: { name?: string; route?: object[] }[]) => {
    const routes = http.map((route) => ({ route: [{ destination: { host: name } }], ...route }))
    return put(VIRTUAL_SERVICES, 'networking.istio.io/v1', name, { spec: { http: routes } })
  }
  return {
    editRoute,
    /** A Rollout with a Service and a VirtualService of its own name. */
    declare: (name: string, image: string, spec: object = {}): Rollout => {
      if (!has(server, VIRTUAL_SERVICES, name)) editRoute(name, [{ name: 'primary' }])
      const whole = {
        ...SPEC,
        template: template(image),
        service: { ...SPEC.service, name },
        router: {
          istio: { virtualServices: [{ name, routes: ['primary'] }] },
          settle: '500ms',
          onForeignEdit: 'abort',
        },
        ...spec,
      }
      return put(ROLLOUTS, API_VERSION, name, { spec: whole }) as unknown as Rollout
    },
    removeRoute: (name: string) => server.store.remove(placeOf(VIRTUAL_SERVICES, NAMESPACE), name),
    remove: (name: string) => server.store.remove(placeOf(ROLLOUTS, NAMESPACE), name),
  }
}

/** What the run of a release does to the cluster. */
function runAt(server: ApiServer) {
  const applyStatus = (name: string, status: RolloutStatus) =>
    server.store.apply(placeOf(ROLLOUTS, NAMESPACE), name, FIELD_MANAGER.release, { status }, 'status')
  const stored = (name: string) => server.store.read(placeOf(ROLLOUTS, NAMESPACE), name) as unknown as Rollout
  const conditions = (name: string, phase: Phase, message: string) =>
    releaseConditions({ phase, message, generation: stored(name).metadata.generation ?? 0, at: Date.now() })

  const record = (name: string, image: string, number: number): void => {
    if (has(server, RELEASES, releaseObject(name, number))) return
    const spec = { rollout: name, number, revision: revision(image), template: template(image) }
    const metadata = { namespace: NAMESPACE, name: releaseObject(name, number), labels: { [LABEL.rollout]: name } }
    server.put(RELEASES, { apiVersion: API_VERSION, kind: 'Release', metadata, spec })
  }

  const size = (name: string, image: string, replicas: number): void => {
    const metadata = {
      namespace: NAMESPACE,
      name: revisionObject(name, revision(image)),
      labels: { [LABEL.rollout]: name },
    }
    server.put(DEPLOYMENTS, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas } })
  }

  return {
    size,
    /** Promoted as release 1, and at rest. */
    serves: (name: string, image: string): void => {
      record(name, image, 1)
      size(name, image, 3)
      const { generation: observedGeneration = 0 } = stored(name).metadata
      const lastRelease = { number: 1, revision: revision(image), outcome: 'Promoted' } as const
      applyStatus(name, {
        observedGeneration,
        conditions: conditions(name, 'Promoted', 'serves'),
        stable: revision(image),
        lastRelease,
      })
    },
    /** A release is under way. */
    begins: (name: string, image: string, number = 2): void => {
      record(name, image, number)
      const { generation: observedGeneration = 0 } = stored(name).metadata
      const stable = stored(name).status?.stable ?? ''
      applyStatus(name, {
        observedGeneration,
        conditions: conditions(name, 'Analysing', 'watching'),
        stable,
        canary: revision(image),
        release: number,
      })
    },
    ends: (name: string, image: string, outcome: 'RolledBack' | 'Withdrawn', message: string, number = 2): void => {
      const { generation: observedGeneration = 0 } = stored(name).metadata
      const stable = stored(name).status?.stable ?? ''
      const lastRelease = { number, revision: revision(image), outcome }
      applyStatus(name, {
        observedGeneration,
        conditions: conditions(name, outcome, message),
        message,
        stable,
        lastRelease,
      })
    },
    /** A traffic write: it changes the destinations, and the fence with them. */
    writesRoute: (name: string, weight: number, note: object): void => {
      const annotations = { [routeAnnotation(NAMESPACE, name)]: JSON.stringify({ stable: revision('one'), ...note }) }
      const metadata = { namespace: NAMESPACE, name, annotations }
      const spec = { http: [{ name: 'primary', route: [{ destination: { host: name }, weight }] }] }
      server.put(VIRTUAL_SERVICES, { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec })
    },
  }
}

const has = (server: ApiServer, resource: typeof ROLLOUTS, name: string): boolean =>
  server.store.list(placeOf(resource, NAMESPACE)).some(({ metadata }) => metadata.name === name)
