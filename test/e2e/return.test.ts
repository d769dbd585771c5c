import { expect, inject, test } from 'vitest'
import { hasLeft, outcomeOf, phaseOf, podsOf, type Sight } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')

/** Two intervals of an analysis that is not declared take half a minute: a bake is shorter. */
const QUICK = { bake: { for: '2s' } }
const GATED = [{ setWeight: 20 }, { approve: { name: 'go' } }]

test.concurrent('what was promoted a moment ago is taken back in one write, past every gate', async () => {
  await using stage = await openStage({ access, name: 'warm-return' })
  const spec = { ...QUICK, scaleDownDelay: '1h' }
  const old = await stage.install({ version: '1.4.0', steps: GATED, spec })
  const load = stage.load({ rps: 50 })
  const young = await promoted(stage, '1.5.0')
  const begun = stage.weights().length
  const pods = namesOf(stage, old)

  await stage.push({ version: '1.4.0' })
  await stage.until('1.4.0 is stable again', servesAtRest(old))
  expect(stage.weights().slice(begun)).toEqual([{ [old]: 100 }, { apex: 100 }])
  expect(namesOf(stage, old)).toEqual(pods)
  expect(podsOf(stage.now(), young)).toHaveLength(2)
  const release = stage.now().releases.at(-1)
  expect(release).toMatchObject({ spec: { number: 3, revision: old }, status: { outcome: 'Promoted' } })
  const [first] = release?.status?.timeline ?? []
  expect(first).toMatchObject({
    event: 'Returning',
    message: `Release 3: Returning to revision ${old}, which served before: without gates, hooks and pauses`,
  })
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})

test.concurrent('what served some releases ago gets its pods first, and then everything', async () => {
  await using stage = await openStage({ access, name: 'kept-return' })
  const old = await stage.install({ version: '1.4.0', steps: GATED, spec: QUICK })
  const load = stage.load({ rps: 50 })
  await promoted(stage, '1.5.0')
  await stage.until('1.4.0 has left', (sight) => hasLeft(sight, old))
  await promoted(stage, '1.6.0')
  const begun = stage.weights().length

  await stage.push({ version: '1.4.0' })
  await stage.until('1.4.0 is stable again', servesAtRest(old))
  expect(stage.weights().slice(begun)).toEqual([{ [old]: 100 }, { apex: 100 }])
  expect(podsOf(stage.now(), old)).toHaveLength(2)
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})

test.concurrent(
  'what was rejected since it served meets its gates again, and so does what is kept no more',
  async () => {
    await using stage = await openStage({ access, name: 'no-return' })
    const spec = { ...QUICK, rollbackWindow: 1, scaleDownDelay: '1s' }
    const old = await stage.install({ version: '1.4.0', steps: GATED, spec })
    const second = await promoted(stage, '1.5.0')
    await promoted(stage, '1.6.0')
    await stage.until('both have left', (sight) => hasLeft(sight, old) && hasLeft(sight, second))

    await stage.push({ version: '1.4.0' })
    await stage.until('1.4.0 waits at the gate', (sight) => phaseOf(sight) === 'AwaitingApproval')
    expect(stage.now().releases.at(-1)).toMatchObject({ spec: { number: 4, revision: old } })

    await stage.push({ version: '1.5.0', spec: { ...spec, bake: { for: '1h' } } })
    await stage.until('1.5.0 is watched', ({ rollout }) => rollout?.status?.message?.startsWith(`Watching ${second}`))
    await stage.say('abort')
    await stage.until('it is aborted', (sight) => phaseOf(sight) === 'Aborted')
    await stage.push({ version: '1.6.0' })
    await stage.until('that is stable', (sight) => phaseOf(sight) === 'Promoted')
    await stage.push({ version: '1.5.0' })
    await stage.until('1.5.0 waits at the gate', (sight) => phaseOf(sight) === 'AwaitingApproval')
    expect(stage.now().releases.at(-1)).toMatchObject({ spec: { number: 6, revision: second } })
  },
)

/** Gives its revision. */
async function promoted(stage: Stage, version: string): Promise<string> {
  await stage.push({ version })
  const revision = await stage.until(
    `${version} waits at the gate`,
    (sight) => phaseOf(sight) === 'AwaitingApproval' && (sight.rollout?.status?.canary ?? false),
  )
  await stage.say('approve')
  await stage.until(`${version} is promoted`, (sight) => outcomeOf(sight, version) === 'Promoted')
  return revision
}

const servesAtRest =
  (revision: string) =>
  (sight: Sight): boolean =>
    phaseOf(sight) === 'Promoted' && sight.rollout?.status?.stable === revision

const namesOf = (stage: Stage, revision: string): string[] =>
  podsOf(stage.now(), revision)
    .map(({ metadata }) => metadata.name)
    .sort()
