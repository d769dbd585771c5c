import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, Connection, type WorkflowHandle } from '@temporalio/client'
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { msToTs } from '@temporalio/common/lib/time.js'
import pRetry from 'p-retry'
import { temporalWorkflows } from '../../controller/temporal.ts'
import type { Workflows } from '../../controller/workflows.ts'
import type { Action, DecisionSpec } from '../../crds/decision.ts'
import { TASK_QUEUE, workflowId } from '../../crds/names.ts'
import type { Plan } from '../../crds/plan.ts'
import { LOOK_SIGNAL, RELEASE_WORKFLOW, type ReleaseInput } from '../../workflows/contract.ts'
import { CANARY, createWorld, fakeActivities, type World } from '../fakes/activities.ts'

/** The real workflow with fake hands, on a real Temporal, in a namespace of its own there: the engine's queues are elsewhere. */
export type Rehearsal = AsyncDisposable & {
  begin(name: string, plan: Plan, options?: Options): Promise<Played>
}

type Options = Pick<ReleaseInput, 'renewAfterMs'> & {
  /** Changes what is there before the run begins. */
  given?: (world: World) => void
}

export type Played = {
  world: World
  temporalNamespace: string
  /** Of the whole chain. */
  handle: WorkflowHandle
  look: () => Promise<void>
  /** Why the run does not move, as the controller sees it. */
  trouble: () => Promise<string | undefined>
  /** A word about release 2, the canary, and the gate that waits, as a Decision; throws the sentence that refuses it. */
  say: (action: Action, about?: Partial<DecisionSpec>) => Promise<string>
}

const CLUSTER = 'rehearsal'
/** Temporal knows a new namespace everywhere only after its caches were refreshed. */
const KNOWN_WITHIN = { retries: 60, minTimeout: 500, maxTimeout: 500 }

/** `codePath` is where `bundleWorkflows` has put the workflow. */
export async function openRehearsal({
  temporal,
  codePath,
}: {
  temporal: string
  codePath: string
}): Promise<Rehearsal> {
  const temporalNamespace = `rehearsal-${process.pid}`
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'OFF' } } })
  const worlds = new Map<string, World>()
  const worldOf = (name: string): World => {
    const world = worlds.get(name)
    if (!world) throw new Error(`there is no world ${name}`)
    return world
  }
  const connection = await Connection.connect({ address: temporal })
  const client = new Client({ connection, namespace: temporalNamespace })
  const workflows = temporalWorkflows({ client, cluster: CLUSTER })
  await connection.workflowService.registerNamespace({
    namespace: temporalNamespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  })
  const native = await NativeConnection.connect({ address: temporal })
  const workers = await pRetry(
    () => createWorkers({ connection: native, namespace: temporalNamespace, codePath }, worldOf),
    KNOWN_WITHIN,
  )
  const running = Promise.all(workers.map((worker) => worker.run()))

  return {
    async begin(name, plan, { given, ...more } = {}) {
      const world = createWorld(name, plan)
      given?.(world)
      worlds.set(name, world)
      const { namespace } = world.picture.ref
      const input: ReleaseInput = { cluster: CLUSTER, namespace, name, ...more }
      const id = workflowId(CLUSTER, namespace, name)
      await client.workflow.start(RELEASE_WORKFLOW, { workflowId: id, taskQueue: TASK_QUEUE.act, args: [input] })
      const handle = client.workflow.getHandle(id)
      return {
        world,
        handle,
        temporalNamespace,
        look: () => handle.signal(LOOK_SIGNAL),
        trouble: async () => (await workflows.describe({ namespace, name })).trouble,
        async say(action, about) {
          const gate = world.told.at(-1)?.gate
          const open = gate === undefined ? {} : { gate }
          const decision = { rollout: name, release: 2, revision: CANARY, action, by: 'ada', ...open, ...about }
          return deliver(workflows, world, decision)
        },
      }
    },
    async [Symbol.asyncDispose]() {
      for (const worker of workers) worker.shutdown()
      await running
      await native.close()
      await connection.close()
    },
  }
}

/** The workflow as one file in `folder`: bundling takes seconds of a whole core. */
export async function bundleWorkflows(folder: string): Promise<string> {
  const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url))
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') })
  const codePath = join(folder, 'workflows.js')
  await writeFile(codePath, code)
  return codePath
}

let created = 0

/** As the engine's controller does it, once the API server has the Decision. */
async function deliver(workflows: Workflows, world: World, decision: DecisionSpec): Promise<string> {
  const name = `${decision.rollout}-${++created}`
  const uid = randomUUID()
  world.decisions.set(name, { ...decision, uid })
  const refusal = await workflows.decide(world.picture.ref, {
    name,
    uid,
    action: decision.action,
    ...(world.picture.unsettled ? { underWay: true } : {}),
  })
  if (refusal !== undefined) throw new Error(refusal)
  const { outcome, message } = await world.until(() => world.answers.find((answer) => answer.uid === uid))
  if (outcome === 'Refused') throw new Error(message)
  return message
}

type Hall = { connection: NativeConnection; namespace: string; codePath: string }

async function createWorkers({ codePath, ...hall }: Hall, worldOf: (name: string) => World): Promise<Worker[]> {
  const { act, watch, notify } = fakeActivities(worldOf)
  return Promise.all([
    Worker.create({ ...hall, taskQueue: TASK_QUEUE.act, workflowBundle: { codePath }, activities: act }),
    Worker.create({ ...hall, taskQueue: TASK_QUEUE.watch, activities: watch }),
    Worker.create({ ...hall, taskQueue: TASK_QUEUE.notify, activities: notify }),
  ])
}
