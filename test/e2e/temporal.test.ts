import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection, type WorkflowExecutionInfo } from '@temporalio/client'
import { defaultPayloadConverter } from '@temporalio/common'
import { NativeConnection } from '@temporalio/worker'
import { expect, inject, test } from 'vitest'
import { readConfig } from '../../config.ts'
import { workflowId } from '../../crds/names.ts'
import { readTemporalAccess } from '../../temporal.ts'
import { SEARCH } from '../../workflows/contract.ts'
import { eventually } from '../patience.ts'
import { certificateFor } from '../stage/certificate.ts'
import { outcomeOf, phaseOf, releaseOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'
import { openTerminator } from '../temporal/terminator.ts'

const access = inject('access')

/** What Temporal's own UI shows at the top of a workflow. */
type Metadata = { currentDetails?: string }

test.concurrent('a release is found in Temporal by what it is about, and read there as a story', async () => {
  await using stage = await openStage({ access, name: 'temporal-story' })
  const connection = await Connection.connect({ address: access.temporal })
  const client = new Client({ connection })
  const id = workflowId(access.cluster, stage.namespace, 'checkout')
  const current = async (): Promise<string> =>
    (await client.workflow.getHandle(id).query<Metadata>('__temporal_workflow_metadata')).currentDetails ?? ''
  const found = (phase: string, revision: string): Promise<WorkflowExecutionInfo> =>
    eventually(async () => {
      const where = `SluiceNamespace = '${stage.namespace}' AND SluiceRollout = 'checkout'`
      const query = `${where} AND SluiceRevision = '${revision}' AND SluicePhase = '${phase}'`
      for await (const run of client.workflow.list({ query })) return run
      throw new Error(`nothing is ${phase}`)
    })
  try {
    await stage.install({
      version: '1.4.0',
      steps: [{ setWeight: 20 }, { approve: { name: 'go' } }, { setWeight: 50 }],
    })
    await stage.push({ version: '1.5.0' })
    await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
    const revision = releaseOf(stage.now(), '1.5.0')?.spec.revision ?? ''

    const waiting = await found('AwaitingApproval', revision)
    expect(waiting.workflowId).toBe(id)
    expect(waiting.typedSearchAttributes.get(SEARCH.phase)).toBe('AwaitingApproval')
    expect(await current()).toMatch(/release 2: \*\*AwaitingApproval\*\*/)
    expect(await current()).toContain(`- Weight: 20 % to revision ${revision}, the rest to `)
    expect(await current()).toContain('- Step: 2/3 (approve)\n- Waits at gate go: 0 of 1 approval')

    await stage.say('approve', { reason: 'looks good' })
    await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
    const { runId } = await found('Promoted', revision)
    expect(await current()).toContain('- Gate go approved by ada: looks good')
    const { raw } = await client.workflow.getHandle(id, runId).describe()
    // Temporal hands on to the next run of a chain what it is found by, and not what it began with.
    const first = await client.workflow.getHandle(id, raw.workflowExecutionInfo?.firstRunId ?? '').describe()
    expect(await first.staticSummary()).toBe(`${stage.namespace}/checkout`)
    const summaries = await summariesOf(client, id, runId)
    expect(summaries.without).toEqual([])
    expect(summaries.activities).toContain(`20 % to ${revision}`)
  } finally {
    await connection.close()
  }
})

/** Of all activities and timers of a run; `without`: those that say nothing. */
async function summariesOf(client: Client, id: string, runId: string) {
  const { events = [] } = await client.workflow.getHandle(id, runId).fetchHistory()
  const begun = (events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes, timerStartedEventAttributes, userMetadata }) => {
      const name =
        activityTaskScheduledEventAttributes?.activityType?.name ?? (timerStartedEventAttributes ? 'timer' : undefined)
      if (name === undefined) return []
      const { summary } = userMetadata ?? {}
      return [{ name, summary: summary ? defaultPayloadConverter.fromPayload<string>(summary) : undefined }]
    },
  )
  return {
    without: begun.filter(({ summary }) => !summary).map(({ name }) => name),
    activities: begun.map(({ name, summary }) => `${name}: ${summary}`).join('\n'),
  }
}

test.concurrent('the engine reaches Temporal through TLS that asks for its certificate', async () => {
  const { certificate, key } = await certificateFor('sluice.test')
  await using terminator = await openTerminator('temporal.test', certificate, access.temporal)
  const folder = await mkdtemp(join(tmpdir(), 'temporal-'))
  try {
    const files = { ca: terminator.certificate, cert: certificate, key }
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
    const file = (name: keyof typeof files): string[] => [`--temporal-tls-${name}`, join(folder, name)]
    const flags = [
      '--temporal-address',
      terminator.address,
      '--temporal-tls-server-name',
      'temporal.test',
      ...file('ca'),
    ]
    const accessWith = (more: string[]) => readTemporalAccess(readConfig(['node', 'main.ts', 'all', ...flags, ...more]))

    const allowed = accessWith([...file('cert'), ...file('key')])
    const connection = await Connection.connect(allowed)
    expect(await new Client({ connection }).workflow.count()).toHaveProperty('count')
    await connection.close()
    await (await NativeConnection.connect(allowed)).close()
    await expect(NativeConnection.connect(accessWith([]))).rejects.toThrow('transport::Error')
  } finally {
    await rm(folder, { recursive: true })
  }
})
