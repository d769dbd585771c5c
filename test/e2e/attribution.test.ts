import { expect, inject, test } from 'vitest'
import { decodeLedger } from '../../analysis/index.ts'
import { revisionObject } from '../../crds/names.ts'
import { analysisOf, ROLLOUT } from '../stage/shop.ts'
import { outcomeOf, podsOf, releaseOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

const access = inject('access')

test.concurrent('what each pod of a canary answered stands beside what its callers saw', async () => {
  await using stage = await openStage({ access, name: 'attribution' })
  const analysis = { ...analysisOf(access.prometheus), interval: '1s' }
  const steps = [{ setWeight: 50 }, { analyze: { for: '15s' } }]
  await stage.install({ version: '1.4.0', replicas: 4, steps, analysis })
  stage.load({ rps: 40 })
  await stage.push({ version: '1.5.0' })
  const canary = await stage.until(
    'it is watched',
    ({ rollout }) => rollout?.status?.weight === 50 && rollout.status.canary,
  )
  const pods = podsOf(stage.now(), canary).map(({ metadata }) => metadata.name)
  const { status } = await stage.until(
    '1.5.0 is promoted',
    (sight) => outcomeOf(sight, '1.5.0') === 'Promoted' && releaseOf(sight, '1.5.0'),
  )
  const { rows } = decodeLedger(status?.ledger ?? '')
  const told = new Set(rows.flatMap((row) => Object.keys(row.pods ?? {})))
  // Before the commit further pods are added, and may have requests in the last row.
  expect([...told]).toEqual(expect.arrayContaining(pods))
  expect([...told].every((pod) => pod.startsWith(`${revisionObject(ROLLOUT, canary)}-`))).toBe(true)
})
