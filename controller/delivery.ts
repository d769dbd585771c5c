import { setTimeout as pause } from 'node:timers/promises'
import {
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
} from '@temporalio/client'
import type { Action } from '../crds/decision.ts'
import { DECIDE_UPDATE, RELEASE_WORKFLOW } from '../workflows/contract.ts'
import type { Word } from './workflows.ts'

/** How a run of this Rollout is begun, and found. */
export type Run = ConstructorParameters<typeof WithStartWorkflowOperation>[1]

/** These begin something where nothing is under way. */
const BEGINNING: readonly Action[] = ['retry', 'rollback']
const ATTEMPTS = 6
const BETWEEN_MS = 250

/**
 * One word to one run, with one id whoever sends it and however often. Resolves with a sentence when no run can take it,
 * undefined when one has. Throws when that is not known: the caller tries again.
 */
export async function deliver(client: Client, run: Run, word: Word & { rollout: string }): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      await send(client, run, word)
      return undefined
    } catch (error) {
      if (!wasCutOff(error)) return refusalOf(error)
      if (attempt < ATTEMPTS) await pause(BETWEEN_MS)
      else if (error instanceof WorkflowNotFoundError)
        return `no release of ${word.rollout} is under way: there is nothing to ${word.action}`
      else throw error
    }
  }
}

async function send(client: Client, run: Run, { uid: updateId, name, action, underWay }: Word): Promise<void> {
  const args: [{ name: string }] = [{ name }]
  if (underWay || BEGINNING.includes(action)) {
    const startWorkflowOperation = new WithStartWorkflowOperation(RELEASE_WORKFLOW, run)
    await client.workflow.executeUpdateWithStart(DECIDE_UPDATE, { args, updateId, startWorkflowOperation })
    return
  }
  const handle = client.workflow.getHandle(run.workflowId)
  await handle.executeUpdate<unknown, [{ name: string }]>(DECIDE_UPDATE, { args, updateId })
}

/** A run that hands over to its successor takes no more words: the next attempt finds the successor. */
const wasCutOff = (error: unknown): boolean =>
  error instanceof WorkflowNotFoundError ||
  (error instanceof WorkflowUpdateFailedError && typeOf(error.cause) === 'AcceptedUpdateCompletedWorkflow')

function refusalOf(error: unknown): string {
  if (error instanceof WorkflowUpdateFailedError) return error.cause?.message ?? error.message
  throw error
}

const typeOf = (cause: unknown): unknown =>
  typeof cause === 'object' && cause !== null && 'type' in cause ? cause.type : undefined
