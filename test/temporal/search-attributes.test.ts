import { Client, Connection } from '@temporalio/client'
import { expect, it } from 'vitest'
import { searchAttributes, temporalWorkflows } from '../../controller/index.ts'
import { createLog } from '../../telemetry/index.ts'
import { eventually } from '../patience.ts'
import { openFrontend, type Call, type Refusal } from './frontend.ts'

const UNKNOWN: Refusal = { code: 3, message: 'invalid query: SluiceNamespace is not a valid search attribute' }
const ROLLOUT = { namespace: 'shop', name: 'checkout' }

/** The controller's side of Temporal, before a frontend that refuses what it is told to refuse. */
async function open(refuses: (call: Call) => Refusal | undefined) {
  const frontend = await openFrontend({ host: 'localhost', refuses })
  const tls = { serverRootCACertificate: Buffer.from(frontend.certificate), serverNameOverride: 'localhost' }
  const connection = Connection.lazy({ address: frontend.address, tls })
  const client = new Client({ connection, namespace: 'releases' })
  const lines: string[] = []
  const log = createLog({ component: 'controller', destination: { write: (line) => void lines.push(line) } })
  const attributes = searchAttributes({ client, namespace: 'releases', log })
  return {
    lines,
    attributes,
    workflows: temporalWorkflows({ client, cluster: 'test', attributes }),
    asked: (path: string) => frontend.calls.filter((call) => call.path === path),
    async [Symbol.asyncDispose]() {
      await connection.close()
      await frontend[Symbol.asyncDispose]()
    },
  }
}

it('registers nothing where Temporal knows them, and gives them to a release', async () => {
  await using temporal = await open(() => undefined)
  await temporal.workflows.look(ROLLOUT)
  const [start] = temporal.asked('SignalWithStartWorkflowExecution')
  expect(start?.body).toMatch(/SluiceNamespace[^]*SluiceRollout/)
  expect(start?.body).toContain('"searchable":true')
  expect(temporal.asked('AddSearchAttributes')).toEqual([])
})

it('registers them where Temporal does not know them yet', async () => {
  let registered = false
  await using temporal = await open(({ path }) => {
    if (path === 'AddSearchAttributes') registered = true
    return path === 'CountWorkflowExecutions' && !registered ? UNKNOWN : undefined
  })
  await eventually(async () => expect(await temporal.attributes.known()).toBe(true))
  const [added] = temporal.asked('AddSearchAttributes')
  for (const name of ['releases', 'SluiceNamespace', 'SluiceRollout', 'SluicePhase', 'SluiceRevision'])
    expect(added?.body).toContain(name)
})

it('goes without them where registering is refused, and says so once', async () => {
  await using temporal = await open(({ path }) => {
    if (path === 'AddSearchAttributes') return { code: 7, message: 'unauthorized' }
    return path === 'CountWorkflowExecutions' ? UNKNOWN : undefined
  })
  await temporal.workflows.look(ROLLOUT)
  await temporal.workflows.look(ROLLOUT)
  for (const { body } of temporal.asked('SignalWithStartWorkflowExecution'))
    expect(body).not.toMatch(/Sluice|searchable/)
  expect(temporal.lines).toEqual([expect.stringContaining('releases go on, and are found by their workflow id only')])
})

it('starts a release without them where Temporal has forgotten them since', async () => {
  await using temporal = await open(({ path, body }) =>
    path === 'SignalWithStartWorkflowExecution' && body.includes('SluiceNamespace')
      ? { code: 3, message: 'Namespace releases has no mapping defined for search attribute SluiceNamespace' }
      : undefined,
  )
  await temporal.workflows.look(ROLLOUT)
  await temporal.workflows.look(ROLLOUT)
  expect(temporal.asked('SignalWithStartWorkflowExecution').map(({ body }) => body.includes('Sluice'))).toEqual([
    true,
    false,
    false,
  ])
  expect(temporal.lines).toHaveLength(1)
})

it('says what else is wrong with a start', async () => {
  await using temporal = await open(({ path }) =>
    path === 'SignalWithStartWorkflowExecution' ? { code: 3, message: 'workflow id too long' } : undefined,
  )
  await expect(temporal.workflows.look(ROLLOUT)).rejects.toHaveProperty('cause.details', 'workflow id too long')
  expect(temporal.asked('SignalWithStartWorkflowExecution')).toHaveLength(1)
})
