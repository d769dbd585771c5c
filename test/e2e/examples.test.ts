import { expect, inject, test } from 'vitest'
import { openExample, type Change, type Example } from '../stage/example.ts'
import { hasLeft, phaseOf } from '../stage/sight.ts'

/** Every file of `deploy/examples` as somebody uses it: applied, changed, applied again, and released without a loss. */

const access = inject('access')

const NEXT: Change = ['shop.local/checkout:1.4.0', 'shop.local/checkout:1.5.0']

/** What is changed, and what would keep a test waiting otherwise. */
const EXAMPLES: [file: string, next: Change, ...hasty: Change[]][] = [
  ['canary-steps', NEXT],
  ['canary-ramp', NEXT, ['ladder: [5, 10, 25, 50]', 'ladder: [50]']],
  ['canary-gates-and-hooks', NEXT],
  ['blue-green', NEXT],
  ['ab-test', NEXT],
  ['session-affinity', NEXT],
  ['header-cohort', NEXT],
  ['adopt-deployment', NEXT],
  ['config-versioned', ['GREETING: hello', 'GREETING: welcome']],
  ['own-virtual-service', NEXT],
]

test.concurrent.for(EXAMPLES)('%s is released', async ([file, next, ...hasty]) => {
  await using example = await openExample(access, file)
  const { stage, apply } = example
  await apply(...hasty)
  const stable = stage.now().rollout?.status?.stable ?? ''
  const load = stage.load({ rps: 60 })
  await apply(...hasty, next)
  expect(await outcomeOf(example)).toBe('Promoted')
  await stage.until('the old version has left', (sight) => hasLeft(sight, stable))
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})

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
