import { expect, test } from 'vitest'
import { CANARY, STABLE, type World } from '../fakes/activities.ts'
import { gate, plan, rehearse, setWeight, shares, told } from './play.ts'

/** The route names the apex again when clients have the addresses behind it, and not before. */

const rehearsal = rehearse()

/** After the commit somebody went back on the route itself: it names stable's own host. */
function wentBack({ picture }: World): void {
  const record = { fence: `uid-of-${picture.ref.name}:2.9`, stable: STABLE, release: 2, aborted: 2 }
  picture.route = { found: true, atRest: false, weights: { [STABLE]: 100 }, record }
  picture.unsettled = true
}
const inOrder = ({ verbs }: World, ...wanted: string[]): string[] => verbs.filter((verb) => wanted.includes(verb))

test.concurrent('what went back on the route itself is at rest only when clients know stable again', async () => {
  const { world, handle } = await rehearsal.begin('went-back', plan(setWeight(20)), {
    given(begun) {
      wentBack(begun)
      begun.picture.declared.rejected = true
      begun.picture.last = { number: 2, revision: CANARY, outcome: 'Promoted' }
      begun.hindering = (verb) => (verb === 'awaitAddresses' ? 'no watch' : undefined)
    },
  })
  await world.until(() => world.verbs.includes('awaitAddresses'))
  expect(world.verbs).not.toContain('settle')
  delete world.hindering
  await handle.result()
  const verbs = [...new Set(inOrder(world, 'pointApex', 'awaitAddresses', 'settle'))]
  expect(verbs).toEqual(['pointApex', 'awaitAddresses', 'settle'])
})

test.concurrent('so is a release that was under way when that happened', async () => {
  const { world, handle } = await rehearsal.begin('under-way', plan(setWeight(20)), {
    given(begun) {
      wentBack(begun)
      begun.picture.open = { number: 2, revision: CANARY, from: STABLE, epoch: 3, stepIndex: 1 }
    },
  })
  await told(world, ({ outcome }) => outcome === 'Aborted')
  await handle.result()
  expect(inOrder(world, 'pointApex', 'awaitAddresses', 'restoreRoute')).toEqual([
    'pointApex',
    'awaitAddresses',
    'restoreRoute',
  ])
})

test.concurrent('where the Rollout goes nobody waits for addresses that go with it', async () => {
  const { world, handle } = await rehearsal.begin('gone', plan(setWeight(20), gate))
  await told(world, (progress) => progress.gate === 'go')
  world.addressWaits.push('there is no Service gone')
  world.picture.deleting = true
  await handle.cancel()
  await expect(handle.result()).rejects.toThrow('cancelled')
  expect(world.weights.at(-1)).toEqual({ apex: 100 })
})

test.concurrent('a release that nobody can let rest is over all the same when another is declared', async () => {
  const { world, handle, look, say } = await rehearsal.begin('no-rest', plan(setWeight(20), gate), {
    given(begun) {
      begun.refusing = ({ apex }) => (apex === undefined ? undefined : 'routes are frozen today')
    },
  })
  await told(world, (progress) => progress.gate === 'go')
  await say('approve')
  await world.until(() => world.events.some(({ reason }) => reason === 'RestBlocked'))
  world.picture.declared = { revision: 'cccccccccc', isStable: false, rejected: false, restart: false }
  await look()
  await told(world, ({ number, gate }) => number === 3 && gate === 'go')
  expect(world.told.find(({ outcome }) => outcome)).toMatchObject({ number: 2, outcome: 'Promoted' })
  delete world.refusing
  await say('approve', { release: 3, revision: 'cccccccccc' })
  await handle.result()
  expect(world.weights.at(-1)).toEqual({ apex: 100 })
})

test.concurrent('a gate that waits at no weight for hours says nothing else meanwhile', async () => {
  const { world, handle, say } = await rehearsal.begin('waits', plan(gate, setWeight(20)), { renewAfterMs: 0 })
  await told(world, (progress) => progress.gate === 'go')
  await say('step')
  await handle.result()
  expect(world.told.filter(({ message }) => message.startsWith('Preparing'))).toHaveLength(1)
  expect(shares(world)).toEqual([20, 100])
})

test.concurrent(
  'what took over from a stable without pods is looked after to the end by the runs that follow',
  async () => {
    const bake = plan(setWeight(20), { kind: 'bake', forMs: 30_000 })
    const { world, handle, look } = await rehearsal.begin('looked-after', bake, {
      given(begun) {
        begun.picture.stableReady = 0
        begun.terms.judgedAlone = true
      },
    })
    const first = await world.until(() => world.watches.at(-1))
    await look()
    first.end({ kind: 'hour' })
    await world.until(() => world.watches.some(({ input }) => input.judgedFrom !== undefined))
    expect(world.told.some(({ outcome }) => outcome)).toBe(false)
    await handle.result()
    expect(world.told.at(-1)).toMatchObject({ outcome: 'Promoted' })
    expect(world.told.at(-1)?.message).toContain('without comparison')
    expect(world.told.at(-1)?.message).toContain('nothing spoke against it afterwards')
    expect(world.told.filter(({ phase }) => phase === 'Analysing')).toHaveLength(1)
  },
)
