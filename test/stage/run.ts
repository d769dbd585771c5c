import { Client, Connection } from '@temporalio/client'
import { workflowId } from '../../crds/names.ts'
import { ROLLOUT } from './shop.ts'

export type Whereabouts = { temporal: string; cluster: string; namespace: string }

/** State and pending activities of the Rollout's newest run, for people. Never throws: it explains failures. */
export async function describeRun(where: Whereabouts): Promise<string> {
  try {
    return await withClient(where, async (client) => {
      const { status, raw } = await handleOf(client, where).describe()
      const pending = (raw.pendingActivities ?? []).map(
        ({ activityType, attempt, lastFailure }) =>
          `${activityType?.name} (attempt ${attempt}${lastFailure ? `, last failure: ${lastFailure.message}` : ''})`,
      )
      return `${status.name}; activities: ${pending.join(', ') || 'none'}`
    })
  } catch (error) {
    return `not known: ${String(error)}`
  }
}

async function withClient<T>({ temporal }: Whereabouts, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: temporal, connectTimeout: 5_000 })
  try {
    return await use(new Client({ connection }))
  } finally {
    await connection.close()
  }
}

const handleOf = (client: Client, { cluster, namespace }: Whereabouts) =>
  client.workflow.getHandle(workflowId(cluster, namespace, ROLLOUT))
