import { commandOf, portNames, type Catalogue, type Refusal } from './command.ts'
import type { Container, ContainerStatus, Pod, State, Terminated } from './pod.ts'
import { freePort } from './ports.ts'
import { followReadiness } from './probe.ts'
import { launch, now, type Exit, type Running } from './process.ts'
import type { Records } from './records.ts'
import { countRestarts, type Restarts } from './restarts.ts'

export type ContainerRun = {
  status(): ContainerStatus
  /** This machine's ports by name; others after every restart. Empty before the first start. */
  ports(): Record<string, number>
  /** SIGTERM, after `graceMs` SIGKILL. Resolves when the process is gone; nothing is started any more. */
  end(graceMs: number): Promise<void>
}

export type Surroundings = {
  catalogue: Catalogue
  records: Records
  directory: string
  logFile: string
  /** Something that `status` or `ports` tells has changed. */
  onChange: () => void
}

type Life = {
  state: State
  last: Terminated | undefined
  ready: boolean
  restarts: number
  ports: Record<string, number>
  running: Running | undefined
  ending: boolean
  timer: NodeJS.Timeout | undefined
}

type Subject = { pod: Pod; container: Container; life: Life; around: Surroundings; restarts: Restarts }

/** How long a pull is said to have failed before it is said to be backed off. Nothing new can come into a catalogue. */
const PULL_BACKOFF_MS = 1_000

/** Starts a container and keeps it running as a kubelet would. `before` is what an earlier agent said about it. */
export function runContainer(
  pod: Pod,
  container: Container,
  { before, ...around }: Surroundings & { before: ContainerStatus | undefined },
): ContainerRun {
  const life = beginning(before)
  void keepRunning({ pod, container, life, around, restarts: countRestarts() })
  return {
    status: () => statusOf(container, life),
    ports: () => life.ports,
    async end(graceMs) {
      life.ending = true
      clearTimeout(life.timer)
      const { running } = life
      if (!running) return
      running.signal('SIGTERM')
      const kill = setTimeout(() => running.signal('SIGKILL'), graceMs)
      await running.exited
      clearTimeout(kill)
    },
  }
}

/** A container that ran under an earlier agent was ended by the next one: to whoever reads it, that is a restart. */
function beginning(before: ContainerStatus | undefined): Life {
  const cut = before !== undefined && 'running' in before.state
  const unknown = { exitCode: 255, reason: 'Unknown', message: 'the node agent was restarted', finishedAt: now() }
  return {
    state: { waiting: { reason: 'ContainerCreating' } },
    last: cut ? unknown : before?.lastState.terminated,
    ready: false,
    restarts: (before?.restartCount ?? 0) + (cut ? 1 : 0),
    ports: {},
    running: undefined,
    ending: false,
    timer: undefined,
  }
}

async function keepRunning(subject: Subject): Promise<void> {
  const { life, around, restarts } = subject
  const begun = performance.now()
  try {
    const end = await runOnce(subject)
    if (end) afterExit(subject, end, performance.now() - begun)
  } catch (error) {
    life.state = { waiting: { reason: 'CreateContainerError', message: String(error) } }
    life.timer = setTimeout(() => void keepRunning(subject), Math.max(1_000, restarts.delayAfter(0)))
  }
  around.onChange()
}

/** From free ports to the exit; nothing when the container cannot, or must not, be started. */
async function runOnce({ pod, container, life, around }: Subject): Promise<Terminated | undefined> {
  const image = around.catalogue[container.image]
  const ports: Record<string, number> = {}
  for (const name of portNames(container, image)) ports[name] = await freePort()
  if (life.ending) return undefined
  const planned = commandOf(pod, container, { image, ports })
  if ('reason' in planned) return refuse(life, planned, { image: container.image, ...around })
  const running = launch({ ...planned, ...around })
  const probe = followProbe(container, ports, (ready) => {
    life.ready = ready
    around.onChange()
  })
  const state: State = { running: { startedAt: running.startedAt } }
  Object.assign(life, { running, ports, state, ready: probe === undefined })
  around.onChange()
  const exit = await running.exited
  probe?.stop()
  Object.assign(life, { running: undefined, ready: false })
  return terminated(exit, running)
}

function followProbe(
  { readinessProbe: probe, ports = [] }: Container,
  local: Record<string, number>,
  onChange: (ready: boolean) => void,
) {
  if (!probe?.httpGet) return undefined
  const wanted = probe.httpGet.port
  const declared = ports.find(({ name, containerPort }) => name === wanted || containerPort === wanted)
  const port = local[declared?.name ?? String(declared?.containerPort ?? wanted)]
  // A probe of a port that no process was given can never succeed: the pod stays unready, as it would elsewhere.
  return followReadiness({ probe, port: port ?? 0, onChange })
}

function refuse(
  life: Life,
  { reason, message }: Refusal,
  { image, onChange }: { image: string; onChange: () => void },
): undefined {
  life.state = { waiting: { reason, message } }
  if (reason !== 'ErrImagePull') return
  life.timer = setTimeout(() => {
    life.state = { waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ${message}` } }
    onChange()
  }, PULL_BACKOFF_MS)
}

function afterExit(subject: Subject, end: Terminated, ranMs: number): void {
  const { life, container, pod, restarts } = subject
  life.state = { terminated: end }
  const policy = pod.spec.restartPolicy ?? 'Always'
  if (life.ending || policy === 'Never' || (policy === 'OnFailure' && end.exitCode === 0)) return
  const delay = restarts.delayAfter(ranMs)
  life.last = end
  if (delay > 0) {
    const whose = `${container.name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`
    const message = `back-off ${delay / 1_000}s restarting failed container=${whose}`
    life.state = { waiting: { reason: 'CrashLoopBackOff', message } }
  }
  life.timer = setTimeout(() => {
    life.restarts += 1
    void keepRunning(subject)
  }, delay)
}

const terminated = ({ exitCode, signal, reason, message }: Exit, { startedAt }: Running): Terminated => ({
  exitCode,
  ...(signal === undefined ? {} : { signal }),
  reason,
  ...(message === '' ? {} : { message }),
  startedAt,
  finishedAt: now(),
})

const statusOf = ({ name, image }: Container, { state, last, ready, restarts }: Life): ContainerStatus => ({
  name,
  image,
  imageID: '',
  ready,
  started: 'running' in state,
  restartCount: restarts,
  state,
  lastState: last ? { terminated: last } : {},
})
