import {
  isGrpcDeadlineError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client'
import { defineSearchAttributeKey } from '@temporalio/common'
import { TASK_QUEUE, workflowId } from '../crds/names.ts'
import { LOOK_SIGNAL, RELEASE_WORKFLOW, TELL_WORKFLOW } from '../workflows/contract.ts'
import { deliver } from './delivery.ts'
import type { SearchAttributes } from './search-attributes.ts'
import { createStarting } from './starting.ts'
import { troubleOf } from './trouble.ts'
import type { RolloutRef, Workflows } from './workflows.ts'

/** Of one call. Without it the client would retry for ever. */
const DEADLINE_MS = 5_000
/** Of one that waits for the run: it reads the Decision before it answers. */
const DECIDE_MS = 15_000

/** Set by the server after five failures of a workflow task in a row. */
const PROBLEMS = defineSearchAttributeKey('TemporalReportedProblems', 'KEYWORD_LIST')

/** `attributes`: absent where releases are to have none. */
export type TemporalOptions = { client: Client; cluster: string; attributes?: SearchAttributes }

export function temporalWorkflows({ client, cluster, attributes }: TemporalOptions): Workflows {
  const idOf = ({ namespace, name }: RolloutRef): string => workflowId(cluster, namespace, name)
  const within = <R>(ms: number, call: () => Promise<R>): Promise<R> =>
    client.withDeadline(Date.now() + ms, call).catch((error: unknown) => clearly(error, ms))
  const soon = <R>(call: () => Promise<R>): Promise<R> => within(DEADLINE_MS, call)
  const starting = createStarting({ cluster, attributes })
  return {
    look: (rollout) =>
      starting(rollout, async (run) => {
        await soon(() => client.workflow.signalWithStart(RELEASE_WORKFLOW, { ...run, signal: LOOK_SIGNAL }))
      }),
    decide: (rollout, word) =>
      starting(rollout, (run) => within(DECIDE_MS, () => deliver(client, run, { ...word, rollout: rollout.name }))),
    describe: (rollout) =>
      ifThere({ running: false }, async () => {
        const { status, raw, typedSearchAttributes } = await soon(() =>
          client.workflow.getHandle(idOf(rollout)).describe(),
        )
        if (status.name !== 'RUNNING') return { running: false }
        const trouble = troubleOf({ ...raw, problems: typedSearchAttributes.get(PROBLEMS) }, Date.now())
        return trouble === undefined ? { running: true } : { running: true, trouble }
      }),
    cancel: (rollout) =>
      ifThere(undefined, async () => {
        await soon(() => client.workflow.getHandle(idOf(rollout)).cancel())
      }),
    tell: (rollout, { what, ...message }) =>
      once(async () => {
        const workflowId = `${idOf(rollout)}/notices/${message.uid}-${what}`
        await soon(() =>
          client.workflow.start(TELL_WORKFLOW, { ...TELLING, workflowId, args: [{ ref: rollout, ...message }] }),
        )
      }),
  }
}

const TELLING = { taskQueue: TASK_QUEUE.act, workflowIdReusePolicy: 'REJECT_DUPLICATE' } as const

/** What was begun already is as good as begun. */
async function once(begin: () => Promise<void>): Promise<void> {
  try {
    await begin()
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
  }
}

/** The client retries until the deadline and then speaks of the deadline only. */
function clearly(error: unknown, afterMs: number): never {
  const late = isGrpcDeadlineError(error) || (error instanceof Error && isGrpcDeadlineError(error.cause))
  throw late ? new Error(`no answer within ${afterMs / 1_000} s`) : error
}

/** A run that is closed, or never was, is no error. */
async function ifThere<R>(otherwise: R, call: () => Promise<R>): Promise<R> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return otherwise
    throw error
  }
}
