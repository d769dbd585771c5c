import type { Action, DecisionSpec } from '../../crds/decision.ts'
import { startLoad, type Load, type LoadOptions } from '../../demo/load.ts'
import { createKube, type Kube } from '../../kube/index.ts'
import { controlPods, type Order } from '../../stack/images/control.ts'
import { createLog } from '../../telemetry/index.ts'
import { LABEL } from '../../crds/names.ts'
import { untilAnswered } from './answer.ts'
import { explain } from './explain.ts'
import type { Access } from './ground.ts'
import { answerTo, decideAs, type Person } from './person.ts'
import { MANAGED_PATH, ROLLOUT, rolloutManifest, virtualService, type Declaration, type ShopOptions } from './shop.ts'
import { openWatcher, type Sight, type Weights } from './sight.ts'
import { createUntil, type Until } from './until.ts'
import { ROLLOUTS, VIRTUAL_SERVICES } from '../../crds/resources.ts'

export type StageOptions = {
  access: Access
  name: string
  /** The namespace alone: whoever opens it brings routes of their own. */
  isBare?: boolean
} & Partial<Omit<ShopOptions, 'namespace' | 'host'>>

/** A namespace of its own with a shop behind the gateway. Leaving its scope closes everything that was opened on it. */
export type Stage = AsyncDisposable & {
  namespace: string
  kube: Kube
  /** Percent per revision on the managed route, every state since the stage was opened. */
  weights: () => Weights[]
  now: () => Sight
  until: Until
  /** Declares the Rollout and waits until this version answers requests; gives its revision. */
  install(declaration: Declaration): Promise<string>
  /** Declares another version, or another something, with everything else as it was declared last. */
  push(change: Partial<Declaration>): Promise<void>
  /** Requests to the managed route; the stage ends them if the test does not. */
  load(options: { path?: string } & Pick<LoadOptions, 'rps' | 'headers' | 'timeoutMs'>): Load
  /**
   * A word about the release that the status shows, as a Decision of Ada's; `about` says otherwise. Returns the engine's
   * answer; throws its refusal, or the API server's.
   */
  say(action: Action, about?: Partial<DecisionSpec>, person?: Person): Promise<string>
  /** Tells the pods of a version how to behave. */
  control(revision: string, order: Order): Promise<string[]>
}

const FIELD_MANAGER = 'git'

const NAMESPACES = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false }

export async function openStage({ access, name, isBare = false, ...shop }: StageOptions): Promise<Stage> {
  const namespace = name
  const host = `${namespace}.shop.local`
  const kube = createKube({ kubeconfig: access.kubeconfig })
  const log = createLog({ component: `stage ${name}`, level: 'error' })
  await kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  if (!isBare) await kube.create(VIRTUAL_SERVICES, virtualService({ namespace, host, ...shop }))
  const watcher = await openWatcher(kube, namespace, log)
  const until = createUntil(watcher, () => explain(access, namespace, watcher.now(), watcher.weights()))
  const loads: Load[] = []
  let declared: Declaration | undefined

  async function declare(declaration: Declaration): Promise<void> {
    declared = declaration
    await kube.apply(ROLLOUTS, rolloutManifest(namespace, declaration), { fieldManager: FIELD_MANAGER, force: true })
  }

  return {
    namespace,
    kube,
    weights: () => watcher.weights(),
    now: () => watcher.now(),
    until,
    async install(declaration) {
      await declare(declaration)
      const stable = await until(`version ${declaration.version} serves`, servingAtRest)
      await untilAnswered(`${access.gateway}${MANAGED_PATH}`, host)
      return stable
    },
    async push(change) {
      if (!declared) throw new Error('nothing was installed yet')
      await declare({ ...declared, ...change })
    },
    load({ path = MANAGED_PATH, ...how }) {
      const load = startLoad({ url: `${access.gateway}${path}`, host, ...how })
      let stopped: ReturnType<Load['stop']> | undefined
      const once: Load = { ...load, stop: () => (stopped ??= load.stop()) }
      loads.push(once)
      return once
    },
    async say(action, about, person = 'ada') {
      const spec = { ...subjectOf(watcher.now()), action, ...about }
      const decision = await decideAs(person, access, namespace, spec)
      return await until(`${action} by ${person} is answered`, ({ decisions }) => answerTo(decision, decisions))
    },
    control: (revision, order) =>
      controlPods({ kube, namespace, selector: `${LABEL.rollout}=${ROLLOUT},${LABEL.revision}=${revision}` }, order),
    async [Symbol.asyncDispose]() {
      await Promise.all(loads.map((load) => load.stop()))
      await watcher.stop()
      await kube.delete({ resource: NAMESPACES, name: namespace })
    },
  }
}

/** The revision that serves, once nothing else is under way. */
const servingAtRest = ({ rollout }: Sight): string | undefined =>
  rollout?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
    ? rollout.status.stable
    : undefined

function subjectOf({ rollout }: Sight): Pick<DecisionSpec, 'release' | 'revision' | 'gate'> {
  const { release = 1, canary = '', gate } = rollout?.status ?? {}
  return { release, revision: canary, ...(gate ? { gate } : {}) }
}
