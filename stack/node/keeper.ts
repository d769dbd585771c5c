import { isDeepStrictEqual } from 'node:util'
import { createRecorder, describeError, isConflict, isNotFound, type Kube, type Log } from '../../kube/index.ts'
import { publishAddress, withdrawAddress } from './address.ts'
import { createConfigs } from './configs.ts'
import { logFileOf, type Surroundings, type Tell } from './container.ts'
import { NODE_NAME } from './node.ts'
import { BINDINGS, PODS, type Pod, type PodStatus } from './pod.ts'
import { guidanceOf, guide } from './proxy.ts'
import type { LogSource } from './log.ts'
import { directoryOf, runPod, type PodRun } from './run.ts'
import { isOver, statusOf, unschedulable } from './status.ts'
import { createTokens } from './tokens.ts'

export type KeeperOptions = {
  kube: Kube
  log: Log
  pod: (key: string) => Pod | undefined
  /** Why there is no place for it; undefined where there is. */
  obstacleTo: (pod: Pod, placed: ReadonlySet<string>) => string | undefined
  endpointDelayMs: () => number
  run: Pick<Surroundings, 'catalogue' | 'records'> & { stateDir: string; onChange: (key: string) => void }
}

export type Keeper = {
  /** Brings one pod's processes, status and address to what is declared. Level-based; throws when the server refuses. */
  reconcile(key: string): Promise<{ requeueAfterMs?: number }>
  /** What a container of the pod `namespace/name` has said, running or not; undefined where there is none. */
  logOf(key: string, container: string): LogSource | undefined
  /** Ends every process: the node goes. */
  endAll(): Promise<void>
}

/** The pod was deleted without grace, or the node goes: nobody waits for a slow goodbye. */
const HASTY = { graceMs: 2_000, hasty: true }
/** Others may have left meanwhile, or the node may be another. */
const PLACE_AGAIN_MS = 500
/** On every pod: the ports of its processes by name, as JSON. */
export const PORTS_ANNOTATION = 'node.sluice.dev/ports'

/** `placed`: uids of pods that were bound and do not say so yet. */
type Context = KeeperOptions & { runs: Map<string, PodRun>; placed: Set<string>; tellOf: (pod: Pod) => Tell }

export function createKeeper(options: KeeperOptions): Keeper {
  const context: Context = { ...options, runs: new Map(), placed: new Set(), tellOf: tellers(options) }
  return {
    async reconcile(key) {
      const pod = context.pod(key)
      const run = context.runs.get(key)
      if (run && run.uid !== pod?.metadata.uid) return forget(context, key, run)
      if (!pod) return {}
      if (pod.metadata.deletionTimestamp) return remove(context, key, pod, run)
      if (!pod.spec.nodeName) return place(context, pod)
      if (pod.spec.nodeName !== NODE_NAME || (!run && isOver(pod))) return {}
      return keep(context, pod, run ?? begin(context, key, pod))
    },
    logOf: (key, container) => logOf(context, key, container),
    async endAll() {
      await Promise.all([...context.runs.values()].map((run) => run.end(HASTY)))
    },
  }
}

/** The Pod object is gone, or another one has its name. */
function forget({ runs, run: { onChange } }: Context, key: string, run: PodRun): { requeueAfterMs?: number } {
  if (run.life === 'running') void run.end(HASTY)
  if (run.life !== 'ended') return {}
  runs.delete(key)
  onChange(key)
  return {}
}

function begin({ kube, runs, placed, tellOf, run: { onChange, ...around } }: Context, key: string, pod: Pod): PodRun {
  const configs = createConfigs(kube, pod.metadata.namespace ?? '')
  const run = runPod(pod, {
    ...around,
    configs,
    tokens: createTokens(kube),
    tell: tellOf(pod),
    onChange: () => onChange(key),
  })
  runs.set(key, run)
  placed.delete(run.uid)
  return run
}

function logOf({ pod: find, runs, run: { stateDir } }: Context, key: string, container: string): LogSource | undefined {
  const pod = find(key)
  const run = runs.get(key)
  if (!pod) return undefined
  const { containers, initContainers = [] } = pod.spec
  if (![...containers, ...initContainers].some(({ name }) => name === container)) return undefined
  return {
    file: logFileOf(directoryOf(stateDir, pod), container),
    from: run?.logFrom(container) ?? { present: 0, previous: undefined },
    isOpen: () => runs.get(key) === run && run?.isRunning(container) === true,
  }
}

/** Events are for people: one that is refused, as in a namespace that goes, holds nothing up. */
function tellers({ kube, log }: KeeperOptions): Context['tellOf'] {
  const recorder = createRecorder({ kube, controller: 'sluice.dev/node-agent', instance: NODE_NAME })
  return ({ metadata: { namespace = '', name, uid = '' } }) => {
    const regarding = { resource: PODS, namespace, name, uid }
    return (event) =>
      void recorder
        .record({ regarding, action: event.reason, ...event })
        .catch((error: unknown) => log.debug({ pod: name, error: describeError(error) }, 'an event was not taken'))
  }
}

async function place({ kube, obstacleTo, placed }: Context, pod: Pod): Promise<{ requeueAfterMs?: number }> {
  const { name, namespace = '', uid = '' } = pod.metadata
  if (pod.spec.schedulingGates?.length) return {}
  const obstacle = obstacleTo(pod, placed)
  if (obstacle !== undefined) {
    const known = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
    if (known?.message !== obstacle) await writeStatus(kube, pod, unschedulable(pod.status, obstacle))
    return { requeueAfterMs: PLACE_AGAIN_MS }
  }
  placed.add(uid)
  const target = { apiVersion: 'v1', kind: 'Node', name: NODE_NAME }
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target }
  try {
    await kube.create(BINDINGS, binding)
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error // bound already, or gone: its event is on the way
  }
  return {}
}

/** Status first, address later: as on real clusters, where other machines learn of an address after the pod is Ready. */
async function keep({ kube, endpointDelayMs }: Context, pod: Pod, run: PodRun): Promise<{ requeueAfterMs?: number }> {
  const ready = run.ready()
  const ports = run.ports()
  const wanted = ready ? JSON.stringify(ports) : undefined
  await guideProxy(kube, pod, run)
  await report(kube, pod, run)
  if (run.published !== undefined && run.published !== wanted) {
    await withdraw(kube, pod, run)
    run.readySince = undefined // restarted in between: other ports, a new beginning
  }
  run.readySince = ready ? (run.readySince ?? Date.now()) : undefined
  if (run.readySince === undefined || run.published === wanted) return {}
  const waitMs = run.readySince + endpointDelayMs() - Date.now()
  if (waitMs > 0) return { requeueAfterMs: waitMs }
  await publishAddress(kube, pod, ports)
  run.published = wanted
  run.served = true
  return {}
}

async function guideProxy(kube: Kube, pod: Pod, run: PodRun): Promise<void> {
  const guidance = guidanceOf(pod, run.ports())
  const text = JSON.stringify(guidance)
  if (!guidance || text === run.guidance) return
  await guide(kube, guidance)
  run.guidance = text
}

async function remove(
  context: Context,
  key: string,
  pod: Pod,
  run: PodRun | undefined,
): Promise<{ requeueAfterMs?: number }> {
  const { kube, runs } = context
  const { name, namespace = '', uid = '', deletionGracePeriodSeconds = 30 } = pod.metadata
  if (pod.spec.nodeName !== NODE_NAME) return {}
  if (run) {
    await withdraw(kube, pod, run)
    if (run.life === 'running') void run.end({ graceMs: deletionGracePeriodSeconds * 1_000 })
    if (run.life !== 'ended') return {}
    await report(kube, pod, run)
  }
  try {
    await kube.delete({ resource: PODS, namespace, name }, { uid, graceSeconds: 0 })
  } catch (error) {
    if (!isConflict(error)) throw error // another pod has the name by now
  }
  runs.delete(key)
  return {}
}

async function withdraw(kube: Kube, pod: Pod, run: PodRun): Promise<void> {
  if (run.published === undefined) return
  await withdrawAddress(kube, pod)
  run.published = undefined
}

async function report(kube: Kube, pod: Pod, run: PodRun): Promise<void> {
  const status = statusOf({ ...pod, ...(run.written ? { status: run.written } : {}) }, run.statuses())
  if (isDeepStrictEqual(status, run.written)) return
  await writeStatus(kube, pod, status, { [PORTS_ANNOTATION]: JSON.stringify(run.ports()) })
  run.written = status
}

/** The uid is a precondition: another pod may have the name by now. */
async function writeStatus(
  kube: Kube,
  { metadata: { name, namespace = '', uid } }: Pod,
  status: PodStatus,
  annotations: Record<string, string> = {},
): Promise<void> {
  const patch = { metadata: { uid, annotations }, status }
  try {
    await kube.mergePatch({ resource: PODS, namespace, name }, patch, { subresource: 'status' })
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error // its event is on the way
  }
}
