import { mkdir, mkdtempDisposable, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection, type WorkflowExecutionInfo } from '@temporalio/client'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { workflowId } from '../../crds/names.ts'
import type { Plan } from '../../crds/plan.ts'
import type { World } from '../fakes/activities.ts'
import { startGround, type Access } from '../stage/ground.ts'
import { bundleWorkflows, openRehearsal, type Rehearsal } from '../rehearsals/rehearsal.ts'
import { analysisOf, ROLLOUT } from '../stage/shop.ts'
import { hasLeft, phaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'
import { isReleased } from './released.ts'

/**
 * `node test/workflows/record.ts`: plays releases on a real stack and stores the histories of their runs under this
 * version, where `replay.test.ts` finds them. Again with every change of the workflow, until the version is released.
 */
type Scenario = { name: string; play: (stage: Stage, access: Access) => Promise<unknown> }

const GATED = [{ setWeight: 25 }, { approve: { name: 'go' } }, { setWeight: 50 }]

const GATED_AT_20: Plan = {
  steps: [
    { kind: 'setWeight', weight: 20 },
    { kind: 'approve', name: 'go', expiresAfterMs: 60_000 },
  ],
}

const SCENARIOS: Scenario[] = [
  {
    name: 'promoted',
    async play(stage, { prometheus }) {
      const steps = [{ setWeight: 25 }, { analyze: { for: '4s' } }, ...GATED.slice(1)]
      const stable = await stage.install({ version: '1.4.0', steps, analysis: analysisOf(prometheus) })
      stage.load({ rps: 50 })
      await stage.push({ version: '1.5.0' })
      await atGate(stage)
      await stage.say('approve')
      await ends(stage, 'Promoted')
      await stage.until('the old version has left', (sight) => hasLeft(sight, stable))
    },
  },
  {
    name: 'rolled-back',
    async play(stage, { prometheus }) {
      await stage.install({ version: '1.4.0', steps: GATED, analysis: analysisOf(prometheus) })
      stage.load({ rps: 60 })
      await stage.push({ version: '1.5.0' })
      await stage.control(await atGate(stage), { errorShare: 0.5 })
      await ends(stage, 'RolledBack')
    },
  },
  { name: 'aborted', play: (stage) => toGateAnd(stage, 'Aborted', () => stage.say('abort')) },
  { name: 'withdrawn', play: (stage) => toGateAnd(stage, 'Withdrawn', () => stage.push({ version: '1.4.0' })) },
  {
    name: 'superseded',
    async play(stage) {
      await toGateAnd(stage, 'Superseded', () => stage.push({ version: '1.5.0', env: { GREETING: 'hello' } }))
      await stage.until('the gate waits again', ({ rollout }) => rollout?.status?.release === 3 && rollout.status.gate)
      await stage.say('approve')
    },
  },
]

const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}
if (await isReleased(import.meta.dirname, version))
  throw new Error(`${version} is released: its histories stay as they are; raise the version first`)
const directory = new URL(`../histories/${version}/`, import.meta.url)
await rm(directory, { recursive: true, force: true })
await mkdir(directory, { recursive: true })
await using ground = await startGround()
const connection = await Connection.connect({ address: ground.access.temporal })
const { access } = ground
await Promise.all([...SCENARIOS.map(playAndStore), rehearseAndStore()])
await connection.close()

async function playAndStore({ name, play }: Scenario): Promise<void> {
  await using stage = await openStage({ access, name })
  await play(stage, access)
  await store(name, workflowId(access.cluster, stage.namespace, ROLLOUT))
}

/** What would take long, or a cordoned node, on the stack. */
async function rehearseAndStore(): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'sluice-workflows-'))
  await using rehearsal = await openRehearsal({ ...access, codePath: await bundleWorkflows(folder.path) })
  const { steps } = GATED_AT_20
  const asksFor = (world: World, times: number): Promise<true> =>
    world.until(() => world.told.filter(({ gate }) => gate === 'go').length === times && true)

  const continued = await rehearsal.begin('continued', { steps }, { renewAfterMs: 0 })
  await asksFor(continued.world, 1)
  await continued.say('approve')
  await store('continued', continued.handle.workflowId, continued.temporalNamespace)

  const retreated = await rehearsal.begin('retreated', { steps })
  await asksFor(retreated.world, 1)
  const sentence = 'no pod of the canary is ready'
  retreated.world.watches.at(-1)?.end({ kind: 'retreat', reason: 'notReadyPods', sentence, ledgerHash: '' })
  await asksFor(retreated.world, 2)
  await retreated.say('approve')
  await store('retreated', retreated.handle.workflowId, retreated.temporalNamespace)
  await rampAndStore(rehearsal)
  await besideAndStore(rehearsal)
}

/** Cohort, copies and a fault, handed over at every step; then what served before comes back. */
async function besideAndStore(rehearsal: Rehearsal): Promise<void> {
  const cohort = [{ headers: { 'x-team': { exact: 'till' } } }]
  const steps: Plan['steps'] = [
    { kind: 'scale', percent: 100 },
    { kind: 'preview', host: 'preview.shop.local' },
    { kind: 'match', cohort },
    { kind: 'mirror', percent: 20, forMs: 300 },
    { kind: 'fault', fault: { percent: 50, abort: 503 }, forMs: 300 },
    { kind: 'setWeight', weight: 100 },
  ]
  const affinity = { cookie: 'shop', maxAgeMs: 60_000 }
  const beside = await rehearsal.begin('beside', { steps, affinity }, { renewAfterMs: 0 })
  await store('beside', beside.handle.workflowId, beside.temporalNamespace)
  const returned = await rehearsal.begin('returned', GATED_AT_20, {
    given: ({ picture }) => Object.assign(picture.declared, { returns: 'warm' }),
  })
  await store('returned', returned.handle.workflowId, returned.temporalNamespace)
}

async function rampAndStore(rehearsal: Rehearsal): Promise<void> {
  const steps: Plan['steps'] = [
    { kind: 'ramp', ladder: [5, 50] },
    { kind: 'setWeight', weight: 95 },
    { kind: 'bake', forMs: 60_000 },
  ]
  const { world, handle, temporalNamespace } = await rehearsal.begin('ramped', { steps })
  const advances = async (kind: string, at: number, weight?: number | null): Promise<void> => {
    const watching = await world.until(() =>
      world.watches.find(({ input }) => input.running?.kind === kind && input.marks.at(-1)?.weight === at),
    )
    const sentence = `Advancing from ${at} %.`
    watching.end({ kind: 'advance', sentence, ledgerHash: '', ...(weight === undefined ? {} : { weight }) })
  }
  await advances('ramp', 5, 50)
  await advances('ramp', 50, null)
  await advances('bake', 95)
  await store('ramped', handle.workflowId, temporalNamespace)
}

/** Every run of the chain, oldest first, when the last one has ended. */
async function store(name: string, id: string, namespace = 'default'): Promise<void> {
  const client = new Client({ connection, namespace })
  await client.workflow.getHandle(id).result()
  const runs: WorkflowExecutionInfo[] = []
  for await (const run of client.workflow.list({ query: `WorkflowId = "${id}"` })) runs.push(run)
  const sorted = runs.toSorted((a, b) => a.startTime.getTime() - b.startTime.getTime())
  for (const [index, { runId }] of sorted.entries()) {
    const text = historyToJSON(await client.workflow.getHandle(id, runId).fetchHistory())
    const history: unknown = JSON.parse(text, withoutTraces)
    const file = new URL(`${name}-${index + 1}.json`, directory)
    await writeFile(file, `${JSON.stringify(history)}\n`)
    console.log(`${file.pathname} ${sorted[index]?.status.name}`)
  }
}

/** Replay needs neither the paths nor the machine that a history mentions. */
function withoutTraces(key: string, value: unknown): unknown {
  if (key === 'stackTrace' || key === 'identity') return undefined
  const isOwnQueue = key === 'name' && typeof value === 'string' && /^\d+@/.test(value)
  return isOwnQueue ? 'own-queue-of-a-worker' : value
}

async function toGateAnd(stage: Stage, outcome: string, act: () => Promise<unknown>): Promise<void> {
  await stage.install({ version: '1.4.0', steps: GATED })
  await stage.push({ version: '1.5.0' })
  await atGate(stage)
  await act()
  await ends(stage, outcome)
}

function atGate(stage: Stage): Promise<string> {
  return stage.until(
    'the gate waits',
    (sight) => phaseOf(sight) === 'AwaitingApproval' && sight.rollout?.status?.canary,
  )
}

function ends(stage: Stage, outcome: string): Promise<unknown> {
  return stage.until(`1.5.0 is ${outcome}`, ({ releases }) => releases[1]?.status?.outcome === outcome)
}
