import { ApplicationFailure } from '@temporalio/activity'
import { expect, test } from 'vitest'
import { CANARY, STABLE, type World } from '../fakes/activities.ts'
import { rehearse } from './play.ts'

/** A config changes at the worst moment: what was not looked at is never run. */

const rehearsal = rehearse()

const PLAN = { steps: [{ kind: 'setWeight', weight: 20 } as const] }
const NEXT = 'cccccccccc'
const WORDS = `ConfigMap settings changed before revision ${CANARY} had its copy`

const endings = ({ told }: World) =>
  told.flatMap(({ number, canary, outcome, message }) => (outcome ? [{ number, canary, outcome, message }] : []))

/** Another content is declared from now on, and the one before it is gone. */
function change({ picture }: World): void {
  picture.declared = { ...picture.declared, revision: NEXT }
}

test.concurrent(
  'a config that changes before it is copied ends its release with a sentence, and the next begins',
  async () => {
    const { world, handle } = await rehearsal.begin('config-changed', PLAN, {
      given(world) {
        world.whilePreparing = async (revision) => {
          if (revision !== CANARY) return
          change(world)
          throw ApplicationFailure.nonRetryable(WORDS, 'ConfigChanged')
        }
      },
    })
    await handle.result()
    expect(endings(world)).toMatchObject([
      { number: 2, canary: CANARY, outcome: 'Superseded', message: `Superseded: ${WORDS}` },
      { number: 3, canary: NEXT, outcome: 'Promoted' },
    ])
    expect(world.weights.some((weights) => CANARY in weights)).toBe(false)
    expect(world.apex.at(-1)).not.toBe(CANARY)
  },
)

test.concurrent('a config that changes before its release is opened opens none', async () => {
  const { world, handle } = await rehearsal.begin('config-outdated', PLAN, {
    given(world) {
      world.whileOpening = async (revision) => {
        if (revision !== CANARY) return
        change(world)
        throw ApplicationFailure.nonRetryable('something else is declared', 'Outdated')
      }
    },
  })
  await handle.result()
  expect(endings(world)).toMatchObject([{ number: 2, canary: NEXT, outcome: 'Promoted' }])
  expect(world.told.some(({ canary }) => canary === CANARY)).toBe(false)
  expect(world.removed).toEqual([STABLE])
})
