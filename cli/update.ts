import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import {
  Client,
  Connection,
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client'
import { workflowId } from '../crds/names.ts'
import { DECIDE_UPDATE, type DecideInput, type DecideResult } from '../workflows/contract.ts'
import { Refusal } from './failure.ts'
import { SELF } from './self.ts'

export type Sender = {
  /** Says the word to the Rollout's running release. Throws `Refusal` with the sentence of whoever refused it. */
  decide(word: Word): Promise<DecideResult>
  close(): Promise<void>
}

export type SenderOptions = {
  /** host:port of Temporal's frontend. */
  address: string
  /** Temporal's namespace, `default` where absent. */
  temporalNamespace?: string
  /** The name the engine was started with; part of the workflow's id. */
  cluster: string
  /** Bound of one word with all its attempts; default 15 s. */
  timeoutMs?: number
}

export type Word = {
  /** Namespace of the Rollout. */
  namespace: string
  decision: DecideInput
}

/** The way of a person's word until Decisions are objects: the only file here that knows of Temporal. */
export async function openSender(options: SenderOptions): Promise<Sender> {
  const { address, temporalNamespace = 'default', cluster, timeoutMs = TIMEOUT_MS } = options
  const connection = await connect(address)
  const client = new Client({ connection, namespace: temporalNamespace })
  return {
    decide: ({ namespace, decision }) => {
      const id = workflowId(cluster, namespace, decision.rollout)
      return client.withDeadline(Date.now() + timeoutMs, () => send(client, id, decision))
    },
    close: () => connection.close(),
  }
}

/** One word, with a connection of its own. Throws as `Sender.decide` does. */
export async function decide({ namespace, decision, ...options }: SenderOptions & Word): Promise<DecideResult> {
  const sender = await openSender(options)
  try {
    return await sender.decide({ namespace, decision })
  } finally {
    await sender.close()
  }
}

const TIMEOUT_MS = 15_000
const CONNECT_MS = 5_000
const ATTEMPTS = 6
const BETWEEN_MS = 250

/** One id for all attempts: a word that was taken before its answer got lost is not taken twice. */
async function send(client: Client, id: string, decision: DecideInput): Promise<DecideResult> {
  const updateId = randomUUID()
  for (let attempt = 1; ; attempt++) {
    try {
      const handle = client.workflow.getHandle(id)
      return await handle.executeUpdate<DecideResult, [DecideInput]>(DECIDE_UPDATE, { args: [decision], updateId })
    } catch (error) {
      if (attempt === ATTEMPTS || !wasCutOff(error)) throw asRefusal(error, decision)
      await pause(BETWEEN_MS)
    }
  }
}

/** A run that hands over to its successor takes no more words: the next attempt finds the successor. */
const wasCutOff = (error: unknown): boolean =>
  error instanceof WorkflowNotFoundError ||
  (error instanceof WorkflowUpdateFailedError && typeOf(error.cause) === 'AcceptedUpdateCompletedWorkflow')

function asRefusal(error: unknown, { action, rollout }: DecideInput): Error {
  if (error instanceof WorkflowUpdateFailedError) return new Refusal(error.cause?.message ?? error.message)
  if (error instanceof WorkflowNotFoundError) {
    return new Refusal(`no release of ${rollout} is under way: there is nothing to ${action}`)
  }
  const words = error instanceof Error ? innermost(error) : String(error)
  return new Refusal(
    `the engine did not take the ${action} of ${rollout} (${words}): is it running? ` +
      `With the API server alone: ${SELF} rollback ${rollout} --direct`,
  )
}

async function connect(address: string): Promise<Connection> {
  try {
    return await Connection.connect({ address, connectTimeout: CONNECT_MS })
  } catch (error) {
    const words = error instanceof Error ? innermost(error) : String(error)
    throw new Refusal(
      `cannot reach Temporal at ${address} (${words}): say where it is by --temporal-address or TEMPORAL_ADDRESS. ` +
        `To go back without it: ${SELF} rollback NAME --direct`,
    )
  }
}

const innermost = (error: Error): string => {
  if (isGrpcServiceError(error)) return error.details
  return error.cause instanceof Error ? innermost(error.cause) : error.message
}

const typeOf = (cause: unknown): unknown =>
  typeof cause === 'object' && cause !== null && 'type' in cause ? cause.type : undefined
