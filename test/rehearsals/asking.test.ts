import { ApplicationFailure } from '@temporalio/common'
import { expect, test } from 'vitest'
import type { Step } from '../../crds/plan.ts'
import { CANARY, STABLE, type World } from '../fakes/activities.ts'
import { gate, plan, rehearse, setWeight, shares, told } from './play.ts'

/** Steps that ask somebody else: what a yes, a no and an interruption do to a release. */

const rehearsal = rehearse()

const webhook = (retries: number): Step => ({
  kind: 'webhook',
  url: 'https://gate.example/ask?key=1',
  timeoutMs: 5_000,
  retries,
})
const job: Step = { kind: 'job', template: {}, timeoutMs: 60_000 }
const no = { passed: false, said: 'answered 503: busy' }
const yes = { passed: true, said: 'answered 200' }
const attempts = ({ asked }: World): number[] => asked.map(({ attempt }) => attempt)
const events = ({ told }: World): string[] => told.flatMap(({ event }) => event?.reason ?? [])
const messages = ({ told }: World): string[] => told.map(({ message }) => message)

test.concurrent('a webhook that says yes lets the release go on, with pods and a side host to try', async () => {
  const { world, handle } = await rehearsal.begin('asked', plan(webhook(3), setWeight(50)))
  await handle.result()
  expect(world.asked).toMatchObject([{ release: 2, stepIndex: 0, round: 1, attempt: 1, weight: 0 }])
  expect(world.sides).toEqual([CANARY])
  expect(world.sizes[0]).toBe(1)
  expect(shares(world)).toEqual([50, 100])
  expect(messages(world)).toContain('Webhook https://gate.example/ask answered 200')
  expect(events(world)).toContain('WebhookPassed')
})

test.concurrent('a webhook is asked again, as often as declared, and its last no sends the release back', async () => {
  const given = (world: World): void => void (world.answering = async () => no)
  const { world, handle } = await rehearsal.begin('refused', plan(setWeight(20), webhook(2), gate), { given })
  await handle.result()
  expect(attempts(world)).toEqual([1, 2, 3])
  expect(shares(world)).toEqual([20, 0])
  expect(messages(world)).toEqual(
    expect.arrayContaining([
      'Webhook https://gate.example/ask is asked',
      'Webhook https://gate.example/ask answered 503: busy; attempt 1 of 3',
      'Webhook https://gate.example/ask answered 503: busy; attempt 2 of 3',
    ]),
  )
  expect(events(world)).toEqual(expect.arrayContaining(['WebhookFailed', 'RolledBack']))
  expect(world.told.at(-1)).toMatchObject({
    outcome: 'RolledBack',
    message: 'Rolled back: Webhook https://gate.example/ask answered 503: busy; attempt 3 of 3',
  })
})

test.concurrent('a run that takes over between two attempts goes on counting', async () => {
  const given = (world: World): void =>
    void (world.answering = async ({ attempt }) => {
      // The hour of the watch is over: the run hands over as soon as it may.
      if (attempt === 1) world.watches.at(-1)?.end({ kind: 'hour' })
      return no
    })
  const { world, handle } = await rehearsal.begin('counted', plan(setWeight(20), webhook(1)), { given })
  const first = (await handle.describe()).runId
  await handle.result()
  expect((await handle.describe()).runId).not.toBe(first)
  expect(attempts(world)).toEqual([1, 2])
  expect(world.told.at(-1)).toMatchObject({ outcome: 'RolledBack' })
})

test.concurrent('an attempt whose answer nobody heard counts like any other', async () => {
  const given = (world: World): void =>
    void (world.answering = async ({ attempt }) => {
      if (attempt === 1) throw new Error('the worker ends here')
      return yes
    })
  const { world, handle } = await rehearsal.begin('unheard', plan(webhook(1), setWeight(50)), { given })
  await handle.result()
  expect(attempts(world)).toEqual([1, 2])
  expect(messages(world)).toContain(
    'Webhook https://gate.example/ask may have answered: the engine ended before it knew; attempt 1 of 2',
  )
})

test.concurrent('an attempt for which nobody could be asked does not count', async () => {
  let trouble = 2
  const given = (world: World): void =>
    void (world.answering = async () => {
      if (trouble-- > 0) throw ApplicationFailure.create({ type: 'NotAsked', message: 'there is no such Secret' })
      return yes
    })
  const { world, handle } = await rehearsal.begin('unasked', plan(webhook(0), setWeight(50)), { given })
  await handle.result()
  expect(attempts(world)).toEqual([1, 1, 1])
  expect(messages(world)).toContain('Webhook https://gate.example/ask waits: there is no such Secret')
  expect(shares(world)).toEqual([50, 100])
})

test.concurrent('nobody is asked while a person pauses', async () => {
  const { world, handle, say } = await rehearsal.begin('paused', plan(setWeight(20), webhook(0), setWeight(60)), {
    given: (world) => void (world.whileTelling = pauseAfterWeight),
  })
  async function pauseAfterWeight({ event }: World['told'][number]): Promise<void> {
    if (event?.reason === 'WeightSet' && shares(world).length === 1) await say('pause')
  }
  await told(world, ({ message }) => message.startsWith('Paused by ada'))
  expect(world.asked).toEqual([])
  await say('resume')
  await handle.result()
  expect(attempts(world)).toEqual([1])
  expect(shares(world)).toEqual([20, 60, 100])
})

test.concurrent('a Job that passes lets the release go on', async () => {
  const { world, handle } = await rehearsal.begin('passing', plan(job, setWeight(50)))
  const [running] = await world.until(() => world.jobs.length > 0 && world.jobs)
  expect(world.sides).toEqual([CANARY])
  expect(messages(world)).toContain('Job passing-2-1 runs')
  running?.end({ passed: true, sentence: 'Job passing-2-1 passed' })
  await handle.result()
  expect(world.told.find(({ event }) => event?.reason === 'JobPassed')?.event).toMatchObject({ type: 'Normal' })
  expect(shares(world)).toEqual([50, 100])
  expect(world.stopped).toEqual([])
})

test.concurrent('a Job that fails sends the release back', async () => {
  const { world, handle } = await rehearsal.begin('failing', plan(setWeight(20), job, gate))
  const [running] = await world.until(() => world.jobs.length > 0 && world.jobs)
  const sentence = 'Job failing-2-2 failed: container smoke ended with exit code 3 (Error)'
  running?.end({ passed: false, sentence })
  await handle.result()
  const failed = world.told.find(({ event }) => event?.reason === 'JobFailed')?.event
  expect(failed).toMatchObject({ type: 'Warning', message: `Release 2: ${sentence}` })
  expect(world.told.at(-1)).toMatchObject({ outcome: 'RolledBack', message: `Rolled back: ${sentence}` })
  expect(shares(world)).toEqual([20, 0])
})

test.concurrent('a run that takes over in the middle follows the same Job', async () => {
  const { world, handle } = await rehearsal.begin('followed', plan(setWeight(20), job))
  await world.until(() => world.jobs.length === 1)
  const sized = world.sizes.length
  world.watches.at(-1)?.end({ kind: 'hour' })
  const [before, after] = await world.until(() => world.jobs.length === 2 && world.jobs)
  expect(after?.input).toEqual(before?.input)
  expect(world.stopped).toEqual([])
  expect(world.sizes.length).toBe(sized)
  after?.end({ passed: true, sentence: 'Job followed-2-2 passed' })
  await handle.result()
  expect(events(world).filter((reason) => reason === 'JobPassed')).toHaveLength(1)
  expect(shares(world)).toEqual([20, 100])
})

test.concurrent.for([
  ['abort', 'Aborted'],
  ['step', 'Promoted'],
  ['promote', 'Promoted'],
] as const)('%s ends a Job that runs', async ([word, outcome]) => {
  const { world, handle, say } = await rehearsal.begin(`job-${word}`, plan(setWeight(20), job, setWeight(60)))
  await world.until(() => world.jobs.length > 0)
  await say(word)
  await handle.result()
  expect(world.stopped).toEqual([{ ref: world.picture.ref, release: 2, stepIndex: 1, round: 1 }])
  expect(world.told.find(({ outcome }) => outcome)).toMatchObject({ outcome })
  expect(world.jobs).toHaveLength(1)
})

test.concurrent('what the watch finds ends a Job that runs', async () => {
  const { world, handle } = await rehearsal.begin('watched-job', plan(setWeight(20), job))
  await world.until(() => world.jobs.length > 0)
  world.watches.at(-1)?.end({ kind: 'rollback', reason: 'harm', sentence: 'Rolled back: it fails', ledgerHash: '' })
  await handle.result()
  expect(world.stopped).toHaveLength(1)
  expect(world.told.at(-1)).toMatchObject({ outcome: 'RolledBack', message: 'Rolled back: it fails' })
})

test.concurrent('a Job whose pods were lost with the canary is run again under another round', async () => {
  const { world, handle } = await rehearsal.begin('again', plan(setWeight(20), job))
  await world.until(() => world.jobs.length === 1)
  world.watches.at(-1)?.end({ kind: 'retreat', reason: 'notReady', sentence: 'no pod', ledgerHash: '' })
  const [, again] = await world.until(() => world.jobs.length === 2 && world.jobs)
  expect(again?.input).toMatchObject({ stepIndex: 1, round: 2 })
  again?.end({ passed: true, sentence: 'Job again-2-2 passed' })
  await handle.result()
  expect(shares(world)).toEqual([20, 0, 20, 100])
})

test.concurrent(
  'a Job that is broken off is stopped when nobody can make it any more, and before the run ends',
  async () => {
    const seen: boolean[] = []
    const { world, handle, say } = await rehearsal.begin('job-late', plan(setWeight(20), job), {
      given(world) {
        world.whileStopping = async () => {
          seen.push(world.jobs.every(({ ended }) => ended))
          if (seen.length < 3) throw new Error('the API server ends here')
        }
      },
    })
    await world.until(() => world.jobs.length > 0)
    await say('abort')
    await handle.result()
    expect(seen).toEqual([true, true, true])
    expect(world.stopped).toHaveLength(1)
  },
)

test.concurrent('a run that goes back with a Job that another one began stops it', async () => {
  const { world, handle } = await rehearsal.begin('job-left', plan(setWeight(20), job), {
    given({ picture }) {
      const open = { number: 2, revision: CANARY, from: STABLE, epoch: 3, stepIndex: 1 }
      Object.assign(picture, { open, declared: { ...picture.declared, revision: STABLE, isStable: true } })
    },
  })
  await handle.result()
  expect(world.stopped).toEqual([{ ref: world.picture.ref, release: 2, stepIndex: 1 }])
  expect(world.told.at(-1)).toMatchObject({ outcome: 'Withdrawn' })
})
