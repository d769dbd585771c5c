import { expect, inject, test } from 'vitest'
import { eventually } from '../patience.ts'
import { analysisOf } from '../stage/shop.ts'
import { hasLeft, outcomeOf, phaseOf, podsOf, releaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'
import { createUser } from '../stage/users.ts'

const access = inject('access')

const blueGreen = (name: string): object => ({
  preview: { host: `preview.${name}.local` },
  mirror: { percent: 50, for: '2s' },
  approve: { name: 'switch' },
})

test.concurrent('a version is tried aside, copied to, approved, switched to in one write, baked and kept', async () => {
  const name = 'blue-green'
  await using stage = await openStage({ access, name })
  const spec = { strategy: { blueGreen: blueGreen(name) }, bake: { for: '4s' } }
  const stable = await stage.install({ version: '1.4.0', steps: [], analysis: analysisOf(access.prometheus), spec })
  const load = stage.load({ rps: 30 })
  const begun = stage.weights().length
  await stage.push({ version: '1.5.0' })
  const canary = await atGate(stage)

  const { namespace } = stage
  const tester = createUser({ access, namespace, host: `preview.${name}.local` })
  await eventually(async () => expect(await tester.visit()).toEqual({ status: 200, version: '1.5.0' }))
  expect(podsOf(stage.now(), canary)).toHaveLength(2)
  expect(stage.weights().slice(begun)).toEqual([])
  expect(events(stage)).toEqual(
    expect.arrayContaining(['Scaled', 'PreviewReady', 'Mirroring', 'MirrorEnded', 'ApprovalNeeded']),
  )

  await stage.say('approve')
  await stage.until('it bakes at 100 %', ({ rollout }) =>
    rollout?.status?.message?.startsWith(`Baking ${canary} at 100 % for 4s; ${stable} stays warm, by the clock`),
  )
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  await stage.until('the old version has left', (sight) => hasLeft(sight, stable))
  expect(stage.weights().slice(begun)).toEqual([{ [canary]: 100 }, { apex: 100 }])
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})

test.concurrent('while it bakes everything returns in one write', async () => {
  const name = 'green-blue'
  await using stage = await openStage({ access, name })
  const spec = { strategy: { blueGreen: { approve: { name: 'switch' } } }, bake: { for: '1h' } }
  const stable = await stage.install({ version: '1.4.0', steps: [], spec })
  const load = stage.load({ rps: 30 })
  const begun = stage.weights().length
  await stage.push({ version: '1.5.0' })
  const canary = await atGate(stage)
  await stage.say('approve')
  await stage.until('it bakes', ({ rollout }) => rollout?.status?.message?.startsWith('Baking'))

  await stage.say('abort')
  await stage.until('it is aborted', (sight) => phaseOf(sight) === 'Aborted')
  await stage.until('the new version has left', (sight) => hasLeft(sight, canary))
  expect(stage.weights().slice(begun)).toEqual([{ [canary]: 100 }, { [stable]: 100 }, { apex: 100 }])
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})

test.concurrent('an objective judges what nothing is left to compare with', async () => {
  await using stage = await openStage({ access, name: 'green-objective' })
  const spec = { strategy: { blueGreen: {} }, bake: { for: '4s' } }
  const analysis = { ...analysisOf(access.prometheus), slo: 99 }
  await stage.install({ version: '1.4.0', steps: [], analysis, spec })
  stage.load({ rps: 30 })
  await stage.push({ version: '1.5.0' })
  const release = await stage.until(
    '1.5.0 is promoted',
    (sight) => outcomeOf(sight, '1.5.0') === 'Promoted' && releaseOf(sight, '1.5.0'),
  )
  expect(release.status?.timeline?.at(-1)?.message).toMatch(/Advancing from 100 %/)

  // One request in twenty fails, and the objective allows one in a hundred.
  await stage.push({ version: '1.6.0', spec: { ...spec, bake: { for: '1h' } } })
  await stage.until('1.6.0 is rolled back', (sight) => outcomeOf(sight, '1.6.0') === 'RolledBack')
  expect(releaseOf(stage.now(), '1.6.0')?.status?.verdict).toMatchObject({ weight: 100, verdict: 'rollback' })
})

const atGate = (stage: Stage): Promise<string> =>
  stage.until(
    'the gate waits',
    (sight) => phaseOf(sight) === 'AwaitingApproval' && (sight.rollout?.status?.canary ?? false),
  )

const events = (stage: Stage): string[] =>
  releaseOf(stage.now(), '1.5.0')?.status?.timeline?.map(({ event }) => event) ?? []
