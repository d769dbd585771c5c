import { expect, inject, test } from 'vitest'
import { decodeLedger, judge } from '../../analysis/index.ts'
import { analysisOf } from '../stage/shop.ts'
import { hasLeft, outcomeOf, phaseOf, podsOf, releaseOf, type Sight } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')

test.concurrent('a version whose requests fail is rolled back, and its ledger tells why', async () => {
  await using stage = await openStage({ access, name: 'failing' })
  const stable = await stage.install({
    version: '1.4.0',
    steps: [{ setWeight: 25 }, { analyze: { for: '1m' } }],
    analysis: analysisOf(access.prometheus),
  })
  const serving = podsOf(stage.now(), stable).map(({ metadata }) => metadata.name)
  stage.load({ rps: 100 })

  await stage.push({ version: '1.6.0' })
  const { spec, status } = await rolledBack(stage, '1.6.0')
  expect(status?.verdict).toMatchObject({ verdict: 'rollback', reason: 'evidence' })
  expect(status?.message).toBe(status?.verdict?.sentence)
  expect(status?.counts?.canary.failed).toBeGreaterThan(0)
  expect(status?.counts?.stable.failed).toBe(0)
  const ledger = decodeLedger(status?.ledger ?? '')
  expect(judge({ ledger })).toMatchObject({ verdict: 'rollback', sentence: status?.verdict?.sentence })

  await stage.until('the bad version has left', (sight) => hasLeft(sight, spec.revision))
  expect(podsOf(stage.now(), stable).map(({ metadata }) => metadata.name)).toEqual(serving)
})

test.concurrent('a version that is slow to some is rolled back', async () => {
  await using stage = await openStage({ access, name: 'slow' })
  await stage.install({
    version: '1.4.0',
    steps: [{ setWeight: 25 }, { analyze: { for: '1m' } }],
    analysis: analysisOf(access.prometheus, { slowerThan: '250ms' }),
  })
  stage.load({ rps: 100 })

  await stage.push({ version: '1.7.0' })
  const { status } = await rolledBack(stage, '1.7.0')
  expect(status?.verdict?.sentence).toMatch(/250|slow/i)
  expect(status?.counts?.canary.failed).toBe(0)
})

test.concurrent('a canary that goes bad while it waits at a gate is rolled back', async () => {
  await using stage = await openStage({ access, name: 'bad-at-gate' })
  await stage.install({
    version: '1.4.0',
    steps: [{ setWeight: 25 }, { approve: { name: 'go-wide' } }, { setWeight: 50 }],
    analysis: analysisOf(access.prometheus),
  })
  stage.load({ rps: 60 })

  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await stage.control(stage.now().rollout?.status?.canary ?? '', { errorShare: 0.5 })
  await rolledBack(stage, '1.5.0')
  await expect(stage.say('approve', { release: 2, gate: 'go-wide' })).rejects.toThrow(/release 2/)
})

/** Rolled back, said so everywhere, and nothing of it left on the route. */
async function rolledBack(stage: Stage, version: string) {
  const isOver = (sight: Sight) => outcomeOf(sight, version) === 'RolledBack' && phaseOf(sight) === 'AnalysisFailed'
  const release = await stage.until(`${version} is rolled back`, (sight) => isOver(sight) && releaseOf(sight, version))
  await stage.until('the controller says that it is stalled', ({ rollout }) =>
    rollout?.status?.conditions?.some(({ type, reason }) => type === 'Stalled' && reason === 'AnalysisFailed'),
  )
  expect(stage.weights().at(-1)).toEqual({ apex: 100 })
  expect(stage.now().rollout?.status).toMatchObject({ weight: 0, lastRelease: { outcome: 'RolledBack' } })
  expect(release.status?.message).toBeTruthy()
  return release
}
