import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { JOBS } from '../../crds/resources.ts'
import type { KubeObject } from '../../kube/index.ts'
import { startGround, type Ground } from '../stage/ground.ts'
import { analysisOf } from '../stage/shop.ts'
import { phaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

let ground: Ground
beforeAll(async () => {
  ground = await startGround({ roles: ['controller', 'worker'] })
})
afterAll(() => ground[Symbol.asyncDispose]())

const STEPS = [{ setWeight: 20 }, { analyze: { for: '8s' } }, { setWeight: 60 }, { pause: { for: '1s' } }]

test('a worker that is killed in the middle of a step leaves a release that goes on where it was', async () => {
  const [, worker] = ground.engines
  await using stage = await released('worker-killed')
  await worker?.kill()
  await worker?.start()
  expect(await weightsUntilPromoted(stage)).toEqual([20, 60, 100])
})

test('a worker that is killed while a Job runs finds it again, does not run it twice, and hears how it ended', async () => {
  const [, worker] = ground.engines
  const place = await mkdtemp(join(tmpdir(), 'sluice-job-'))
  const [begun, over] = [join(place, 'begun'), join(place, 'over')]
  await using stage = await openStage({ access: ground.access, name: 'job-killed' })
  const name = 'checkout-2-2'
  const job = { resource: JOBS, namespace: stage.namespace, name }
  try {
    await stage.install({ version: '1.4.0', steps: [{ setWeight: 20 }, { job: untilOver(begun, over) }] })
    await stage.push({ version: '1.5.0' })
    await vi.waitFor(() => readFile(begun), { timeout: 60_000, interval: 200 })
    const before = await stage.kube.get(job)
    await worker?.kill()
    await writeFile(over, '')
    await vi.waitFor(async () => expect(endsOf(await stage.kube.get<Ended>(job))).toContain('Failed'), {
      timeout: 60_000,
      interval: 200,
    })
    await worker?.start()
    const { status } = await stage.until(
      '1.5.0 is rolled back',
      ({ releases }) => releases[1]?.status?.outcome === 'RolledBack' && releases[1],
    )
    expect(status?.message).toBe(`Rolled back: Job ${name} failed: container smoke ended with exit code 3 (Error)`)
    expect(status?.timeline?.filter(({ event }) => event === 'JobFailed')).toMatchObject([{ detail: 'it is over' }])
    expect(await readFile(begun, 'utf8')).toBe('once\n')
    expect((await stage.kube.get(job))?.metadata.uid).toBe(before?.metadata.uid)
  } finally {
    await rm(place, { recursive: true })
  }
})

test('a controller that is killed in the middle of a step sees afterwards what was declared meanwhile', async () => {
  const [controller] = ground.engines
  await using stage = await released('controller-killed')
  await controller?.kill()
  await stage.push({ version: '1.5.0', replicas: 3 })
  await controller?.start()
  expect(await weightsUntilPromoted(stage)).toEqual([20, 60, 100])
  await stage.until('the new stable has the new size', ({ deployments, rollout }) =>
    deployments.some(
      ({ metadata, spec }) => metadata.name === `checkout-${rollout?.status?.stable}` && spec.replicas === 3,
    ),
  )
})

test('a rejected version is not started again by a restart of the engine', async () => {
  await using stage = await openStage({ access: ground.access, name: 'still-rejected' })
  const stable = await stage.install({ version: '1.4.0', steps: [{ setWeight: 20 }, { approve: { name: 'go' } }] })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await stage.say('abort')
  await stage.until('it is aborted', (sight) => phaseOf(sight) === 'Aborted')

  await Promise.all(ground.engines.map((engine) => engine.stop()))
  await stage.push({ version: '1.5.0', replicas: 3 })
  await Promise.all(ground.engines.map((engine) => engine.start()))
  await stage.until('the engine has looked at it', ({ deployments }) =>
    deployments.some(({ metadata, spec }) => metadata.name === `checkout-${stable}` && spec.replicas === 3),
  )
  expect(stage.now().releases).toHaveLength(2)
  expect(stage.now().rollout?.status).toMatchObject({ stable, lastRelease: { number: 2, outcome: 'Aborted' } })
})

type Ended = KubeObject & { status?: { conditions?: { type: string; status: string }[] } }

const endsOf = (job: Ended | undefined): string[] => job?.status?.conditions?.map(({ type }) => type) ?? []

/** A Job that writes into one file that it has begun, and fails when there is the other. */
function untilOver(begun: string, over: string): object {
  const script = `
    const { appendFileSync, existsSync } = require('node:fs')
    appendFileSync('${begun}', 'once\\n')
    setInterval(() => {
      if (!existsSync('${over}')) return
      console.log('it is over')
      process.exit(3)
    }, 100)`
  const command = [process.execPath, '-e', script]
  return { template: { spec: { containers: [{ name: 'smoke', image: 'shop.local/checkout:1.4.0', command }] } } }
}

/** In the middle of the analysis at 20 %. */
async function released(name: string): Promise<Stage> {
  const stage = await openStage({ access: ground.access, name })
  await stage.install({ version: '1.4.0', steps: STEPS, analysis: analysisOf(ground.access.prometheus) })
  stage.load({ rps: 50 })
  await stage.push({ version: '1.5.0' })
  await stage.until('the analysis has begun', (sight) => phaseOf(sight) === 'Analysing')
  return stage
}

/** Every weight that release 2 ever had, in order: one that was taken back would be there twice. */
async function weightsUntilPromoted(stage: Stage): Promise<number[]> {
  const { spec } = await stage.until(
    '1.5.0 is promoted',
    ({ releases }) => releases[1]?.status?.outcome === 'Promoted' && releases[1],
  )
  return stage.weights().flatMap((each) => each[spec.revision] ?? [])
}
