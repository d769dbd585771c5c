import type { Farewell } from './farewell.ts'
import type { Container, ContainerStatus, RestartPolicy, State, Terminated } from './pod.ts'
import { now, type Exit, type Running } from './process.ts'

/** What is true about a container at this moment. */
export type Life = {
  state: State
  last: Terminated | undefined
  ready: boolean
  /** Its startup probe has succeeded. */
  started: boolean
  restarts: number
  ports: Record<string, number>
  running: Running | undefined
  /** Says good-bye to what is running. */
  leave: ((how: Farewell) => Promise<void>) | undefined
  /** Where in the log the present run and the one before it begin, in bytes. */
  logFrom: { present: number; previous: number | undefined }
  /** Why it could not be started last time. */
  refusal: string | undefined
  ending: boolean
  timer: NodeJS.Timeout | undefined
}

/** A container that ran under an earlier agent was ended by the next one: to whoever reads it, that is a restart. */
export function beginning(before: ContainerStatus | undefined, policy: RestartPolicy): Life {
  const cut = before !== undefined && 'running' in before.state
  const unknown = { exitCode: 255, reason: 'Unknown', message: 'the node agent was restarted', finishedAt: now() }
  const over = before && 'terminated' in before.state ? before.state.terminated : cut ? unknown : undefined
  const isFinal = over !== undefined && !restarts(policy, over)
  return {
    state: isFinal ? { terminated: over } : { waiting: { reason: 'ContainerCreating' } },
    last: cut && !isFinal ? unknown : before?.lastState.terminated,
    ready: false,
    started: false,
    restarts: (before?.restartCount ?? 0) + (cut && !isFinal ? 1 : 0),
    ports: {},
    running: undefined,
    leave: undefined,
    logFrom: { present: 0, previous: undefined },
    refusal: undefined,
    ending: false,
    timer: undefined,
  }
}

export const restarts = (policy: RestartPolicy, { exitCode }: Terminated): boolean =>
  policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)

export const terminated = ({ exitCode, signal, reason, message }: Exit, { startedAt }: Running): Terminated => ({
  exitCode,
  ...(signal === undefined ? {} : { signal }),
  reason,
  ...(message === '' ? {} : { message }),
  startedAt,
  finishedAt: now(),
})

export const statusOfLife = ({ name, image }: Container, life: Life): ContainerStatus => ({
  name,
  image,
  imageID: '',
  ready: life.ready,
  started: life.started,
  restartCount: life.restarts,
  state: life.state,
  lastState: life.last ? { terminated: life.last } : {},
})
