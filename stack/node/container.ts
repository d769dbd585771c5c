import { commandOf, portNames, type Catalogue, type Command, type Refusal } from './command.ts'
import type { Configs } from './configs.ts'
import { sayFarewell, type Farewell } from './farewell.ts'
import type { Target } from './handler.ts'
import { beginning, restarts, statusOfLife, terminated, type Life } from './life.ts'
import type { Container, ContainerStatus, Pod, RestartPolicy, Terminated } from './pod.ts'
import { freePort } from './ports.ts'
import type { Following } from './probe.ts'
import { followProbes } from './probes.ts'
import { launch, type Running } from './process.ts'
import type { Records } from './records.ts'
import { countRestarts, type Restarts } from './restarts.ts'
import type { Tokens } from './tokens.ts'

export type ContainerRun = {
  name: string
  status(): ContainerStatus
  /** This machine's ports by name; others after every restart. Empty before the first start. */
  ports(): Record<string, number>
  /** Where in its log the present run and the one before it begin, in bytes. */
  logFrom(): Life['logFrom']
  start(): void
  /** It runs, and its startup probe has succeeded. */
  started: Promise<void>
  /** It has ended and will not be started again. */
  finished: Promise<Terminated>
  /** Resolves when the process is gone; nothing is started any more. */
  end(how: Farewell): Promise<void>
}

export type Tell = (event: { type: 'Normal' | 'Warning'; reason: string; note: string }) => void

export type Surroundings = {
  catalogue: Catalogue
  records: Records
  configs: Configs
  tokens: Tokens
  /** Of the pod. */
  directory: string
  /** One container of a pod at a time makes its files. */
  inTurn: <T>(work: () => Promise<T>) => Promise<T>
  /** Something that `status` or `ports` tells has changed. */
  onChange: () => void
  tell: Tell
}

type Subject = {
  pod: Pod
  container: Container
  policy: RestartPolicy
  life: Life
  around: Surroundings
  backoff: Restarts
  onStarted: () => void
  onFinished: (end: Terminated) => void
}

/** How long a pull is said to have failed before it is said to be backed off. Nothing new can come into a catalogue. */
const PULL_BACKOFF_MS = 1_000
/** What is missing may be there a moment later. */
const MISSING_MS = 2_000
const DEFAULT_GRACE_S = 30

/** Keeps a container running as a kubelet would, once it is told to start. `before` is what an earlier agent said about it. */
export function createContainer(
  pod: Pod,
  container: Container,
  { before, policy, ...around }: Surroundings & { before: ContainerStatus | undefined; policy: RestartPolicy },
): ContainerRun {
  const life = beginning(before, policy)
  const started = Promise.withResolvers<void>()
  const finished = Promise.withResolvers<Terminated>()
  const moments = { onStarted: started.resolve, onFinished: finished.resolve }
  const subject: Subject = { pod, container, policy, life, around, backoff: countRestarts(), ...moments }
  return {
    name: container.name,
    status: () => statusOfLife(container, life),
    ports: () => life.ports,
    logFrom: () => life.logFrom,
    start() {
      if ('terminated' in life.state) finished.resolve(life.state.terminated)
      else if (!life.ending) void keepRunning(subject)
    },
    started: started.promise,
    finished: finished.promise,
    async end(how) {
      life.ending = true
      clearTimeout(life.timer)
      // It waited for its next start: the last end was the final one.
      if ('waiting' in life.state && life.last) life.state = { terminated: life.last }
      await life.leave?.(how)
    },
  }
}

/** Where the output of a container goes, all runs of it one after the other. */
export const logFileOf = (directory: string, container: string): string => `${directory}/${container}.log`

async function keepRunning(subject: Subject): Promise<void> {
  const { life, around, backoff } = subject
  const begun = performance.now()
  try {
    const end = await runOnce(subject)
    if (end) afterExit(subject, end, performance.now() - begun)
  } catch (error) {
    life.state = { waiting: { reason: 'CreateContainerError', message: String(error) } }
    life.timer = setTimeout(() => void keepRunning(subject), Math.max(1_000, backoff.delayAfter(0)))
  }
  around.onChange()
}

/** From free ports to the exit; nothing when the container cannot, or must not, be started. */
async function runOnce(subject: Subject): Promise<Terminated | undefined> {
  const { pod, container, life, around } = subject
  const image = around.catalogue[container.image]
  const ports: Record<string, number> = {}
  for (const name of portNames(container, image)) ports[name] = await freePort()
  const planned = await around.inTurn(() => commandOf(pod, container, { image, ports, ...around }))
  if (life.ending) return undefined
  if ('reason' in planned) return refuse(subject, planned)
  const running = launch({ ...planned, records: around.records, logFile: logFileOf(around.directory, container.name) })
  const probes = begin(subject, { running, planned, ports })
  const exit = await running.exited
  await probes.stop()
  Object.assign(life, { running: undefined, leave: undefined, ready: false, started: false })
  return terminated(exit, running)
}

type Start = { running: Running; planned: Command; ports: Record<string, number> }

function begin(subject: Subject, { running, planned, ports }: Start): Following {
  const { container, life, around } = subject
  const target: Target = { container, place: planned, ports, records: around.records }
  life.logFrom = { present: running.logFrom, previous: life.restarts > 0 ? life.logFrom.present : undefined }
  Object.assign(life, { running, ports, state: { running: { startedAt: running.startedAt } } })
  let isLeaving = false
  life.leave = async (how) => {
    const hasty = how.hasty || isLeaving // the hook is done once
    isLeaving = true
    const stopped = probes.stop()
    const words = await sayFarewell(running, target, { ...how, hasty })
    await stopped
    if (words !== undefined)
      around.tell({ type: 'Warning', reason: 'FailedPreStopHook', note: `PreStopHook: ${words}` })
  }
  const probes = followProbes(target, {
    onStarted() {
      life.started = true
      subject.onStarted()
    },
    onReady(ready) {
      life.ready = ready
      around.onChange()
    },
    onFailure(failure) {
      const note = `${failure.which} probe failed: ${failure.words}`
      around.tell({ type: 'Warning', reason: 'Unhealthy', note })
      if (failure.fatal) restart(subject, failure.which)
    },
  })
  around.onChange()
  return probes
}

/** Ends the process; what follows is what follows every exit. */
function restart({ pod, container, life, around }: Subject, which: 'Startup' | 'Readiness' | 'Liveness'): void {
  const probe = which === 'Startup' ? container.startupProbe : container.livenessProbe
  const { terminationGracePeriodSeconds: ofPod = DEFAULT_GRACE_S } = pod.spec
  const note = `Container ${container.name} failed ${which.toLowerCase()} probe, will be restarted`
  around.tell({ type: 'Normal', reason: 'Killing', note })
  const graceMs = (probe?.terminationGracePeriodSeconds ?? ofPod) * 1_000
  void life.leave?.({ graceMs, drainMs: 0, hasty: false })
}

function refuse(subject: Subject, { reason, message }: Refusal): undefined {
  const { life, container, around } = subject
  const { image } = container
  const told = reason === 'ContainerCreating' ? 'FailedMount' : 'Failed'
  if (life.refusal !== message) around.tell({ type: 'Warning', reason: told, note: message })
  life.refusal = message
  // As a kubelet does: what a volume lacks is said by an event alone.
  life.state = { waiting: reason === 'ContainerCreating' ? { reason } : { reason, message } }
  if (reason !== 'ErrImagePull') {
    life.timer = setTimeout(() => void keepRunning(subject), MISSING_MS)
    return
  }
  life.timer = setTimeout(() => {
    life.state = { waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ${message}` } }
    around.onChange()
  }, PULL_BACKOFF_MS)
}

function afterExit(subject: Subject, end: Terminated, ranMs: number): void {
  const { life, container, pod, policy, backoff, around } = subject
  life.state = { terminated: end }
  if (life.ending || !restarts(policy, end)) return subject.onFinished(end)
  const delay = backoff.delayAfter(ranMs)
  life.last = end
  if (delay > 0) {
    const whose = `${container.name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`
    const message = `back-off ${delay / 1_000}s restarting failed container=${whose}`
    life.state = { waiting: { reason: 'CrashLoopBackOff', message } }
    around.tell({ type: 'Warning', reason: 'BackOff', note: `Back-off restarting failed container ${whose}` })
  }
  life.timer = setTimeout(() => {
    life.restarts += 1
    void keepRunning(subject)
  }, delay)
}
