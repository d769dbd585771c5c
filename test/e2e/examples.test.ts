import { expect, inject, test } from 'vitest'
import type { LoadStats } from '../../demo/tally.ts'
import { openExample, type Change, type Example } from '../stage/example.ts'
import { hasLeft, phaseOf } from '../stage/sight.ts'

/** Every file of `deploy/examples` as somebody uses it: applied, changed, applied again, and released without a loss. */

const access = inject('access')

const NEXT: Change = ['shop.local/checkout:1.4.0', 'shop.local/checkout:1.5.0']

const WELL = { outcome: 'Promoted', lost: 0, mesh: 0, trouble: [] as LoadStats['trouble'] }

/** What is changed, and what would keep a test waiting otherwise. */
const EXAMPLES: [file: string, next: Change[], hasty?: Change[]][] = [
  ['canary-steps', [NEXT]],
  ['canary-ramp', [NEXT], [['ladder: [5, 10, 25, 50]', 'ladder: [50]']]],
  ['blue-green', [NEXT]],
  ['ab-test', [NEXT]],
  ['session-affinity', [NEXT]],
  ['header-cohort', [NEXT]],
  ['adopt-deployment', [NEXT]],
  ['config-versioned', [['GREETING: hello', 'GREETING: welcome']]],
  ['own-virtual-service', [NEXT]],
]

test.concurrent.for(EXAMPLES)('%s is released', async ([file, next, hasty]) => {
  await using example = await openExample(access, file)
  expect(await released(example, next, hasty)).toEqual(WELL)
})

test.concurrent('canary-gates-and-hooks is released, and whoever is to be asked was asked once', async () => {
  await using example = await openExample(access, 'canary-gates-and-hooks')
  expect(await released(example, [NEXT])).toEqual(WELL)
  expect(example.asked).toMatchObject([
    { method: 'POST', url: '/v1/may-release', authorization: 'Bearer put-yours-here', body: { release: 2, weight: 0 } },
  ])
})

/** Applied, changed, and applied again: how release 2 ended, and what became of the requests meanwhile. */
async function released(example: Example, next: Change[], hasty: Change[] = []): Promise<typeof WELL> {
  const { stage, apply } = example
  await apply(...hasty)
  const stable = stage.now().rollout?.status?.stable ?? ''
  const load = stage.load({ rps: 40 })
  await apply(...hasty, ...next)
  const outcome = await outcomeOf(example)
  if (outcome === 'Promoted') await stage.until('the old version has left', (sight) => hasLeft(sight, stable))
  const { lost, mesh, trouble } = await load.stop()
  return { outcome, lost, mesh, trouble }
}

/** Of release 2; says yes wherever a person is asked. */
async function outcomeOf({ stage }: Example): Promise<string> {
  for (;;) {
    const seen = await stage.until('it ends, or a person is asked', (sight) => {
      const outcome = sight.releases[1]?.status?.outcome
      return outcome ?? (phaseOf(sight) === 'AwaitingApproval' && 'asked')
    })
    if (seen !== 'asked') return seen
    await stage.say('approve')
    await stage.until('the gate is passed', (sight) => phaseOf(sight) !== 'AwaitingApproval')
  }
}
