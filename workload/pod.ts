import type { ContainerStatus, Pod, Terminated } from './objects.ts'

/** Counts as capacity: Ready, and its endpoint is not about to go. */
export const isReady = (pod: Pod): boolean => isAlive(pod) && conditionOf(pod, 'Ready')?.status === 'True'

/** Neither being deleted nor ended nor evicted: what happens to the others is no verdict on the code. */
export const isAlive = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && status?.phase !== 'Failed' && status?.phase !== 'Succeeded'

export type Problem = {
  /** 0 is the worst. */
  rank: number
  sentence: string
}

/** Why a living pod is not Ready, by the container that is furthest from it. */
export function problemOf(pod: Pod): Problem {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {}
  const found = [...initContainerStatuses, ...containerStatuses].flatMap(
    (container) => containerProblem(pod, container) ?? [],
  )
  return [...found, podProblem(pod)].sort((a, b) => a.rank - b.rank)[0]!
}

export const isCrashLooping = ({ state }: ContainerStatus): boolean => state?.waiting?.reason === 'CrashLoopBackOff'

/** `exit code 1 (Error): cannot open config`; what is unknown is left out. */
export function lastWords(terminated: Terminated | undefined): string {
  if (!terminated) return 'no exit code is known'
  const { exitCode, signal, reason, message } = terminated
  const how = signal ? `signal ${signal}` : `exit code ${exitCode ?? 'unknown'}`
  return joined(reason ? `${how} (${reason})` : how, message)
}

const PULLING = new Set([
  'ImagePullBackOff',
  'ErrImagePull',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
])
const STARTING = new Set(['ContainerCreating', 'PodInitializing'])

function containerProblem(pod: Pod, container: ContainerStatus): Problem | undefined {
  const { waiting, terminated, running } = container.state ?? {}
  const who = `container ${container.name} of pod ${pod.metadata.name}`
  if (isCrashLooping(container)) {
    const restarts = `${container.restartCount ?? 0} restarts`
    return { rank: 0, sentence: `${who} crash-loops after ${restarts}: ${lastWords(container.lastState?.terminated)}` }
  }
  const reason = waiting?.reason ?? 'waiting'
  if (waiting && PULLING.has(reason)) {
    const image = container.image ? ` ${container.image}` : ''
    return { rank: 1, sentence: joined(`${who} cannot pull its image${image} (${reason})`, waiting.message) }
  }
  if (waiting && STARTING.has(reason)) return { rank: 6, sentence: `${who} is starting (${reason})` }
  if (waiting) return { rank: 2, sentence: joined(`${who} cannot start (${reason})`, waiting.message) }
  // An init container that ended well has done its work.
  if (terminated && terminated.exitCode !== 0) return { rank: 4, sentence: `${who} ended: ${lastWords(terminated)}` }
  if (running && container.ready === false)
    return { rank: 5, sentence: `${who} runs but is not Ready${endedBefore(container)}` }
  return undefined
}

/** Between two crashes a container runs: what it said last still says what is wrong with it. */
function endedBefore({ restartCount = 0, lastState }: ContainerStatus): string {
  const ended = lastState?.terminated
  if (restartCount === 0 || !ended) return ''
  return ` after ${restartCount} ${restartCount === 1 ? 'restart' : 'restarts'}: ${lastWords(ended)}`
}

function podProblem(pod: Pod): Problem {
  const { name } = pod.metadata
  const scheduled = conditionOf(pod, 'PodScheduled')
  if (scheduled?.status === 'False') {
    return {
      rank: 3,
      sentence: joined(`pod ${name} cannot be scheduled (${scheduled.reason ?? 'unknown'})`, scheduled.message),
    }
  }
  const ready = conditionOf(pod, 'Ready')
  const why = ready?.message ?? ready?.reason ?? pod.status?.phase ?? 'no status yet'
  return { rank: 7, sentence: joined(`pod ${name} is not Ready`, why) }
}

const conditionOf = (pod: Pod, type: string) => pod.status?.conditions?.find((condition) => condition.type === type)

/** Messages come from anywhere and can be long. */
function joined(head: string, tail: string | undefined): string {
  const words = tail?.replace(/\s+/g, ' ').trim()
  if (!words) return head
  return `${head}: ${words.length <= 300 ? words : `${words.slice(0, 299)}…`}`
}
