import { expect, inject, test } from 'vitest'
import { eventually } from '../patience.ts'
import { outcomeOf, phaseOf, releaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
const GATED = [{ setWeight: 20 }, { approve: { name: 'go' } }]

test.concurrent('where queue says so a newer version waits, and only the latest one follows', async () => {
  await using stage = await openStage({ access, name: 'queue' })
  await stage.install({ version: '1.4.0', steps: GATED, spec: { onNewRevision: 'queue' } })
  await stage.push({ version: '1.5.0' })
  await atGate(stage, 2)
  for (const version of ['1.6.0', '1.7.0']) {
    const told = (await eventsOf(stage, 'RevisionQueued')).length
    await stage.push({ version })
    await eventually(async () => expect(await eventsOf(stage, 'RevisionQueued')).toHaveLength(told + 1))
  }
  expect(stage.now().rollout?.status).toMatchObject({ release: 2, gate: 'go' })

  await stage.say('approve')
  await atGate(stage, 3)
  expect(outcomeOf(stage.now(), '1.5.0')).toBe('Promoted')
  expect(releaseOf(stage.now(), '1.7.0')?.spec.number).toBe(3)
  expect(releaseOf(stage.now(), '1.6.0')).toBeUndefined()
})

test.concurrent('three releases in a row that made way are told, with what to do about it', async () => {
  await using stage = await openStage({ access, name: 'livelock' })
  await stage.install({ version: '1.4.0', steps: GATED })
  for (const [index, version] of ['1.5.0', '1.6.0', '1.7.0'].entries()) {
    await stage.push({ version })
    await atGate(stage, index + 2)
  }
  expect(await eventsOf(stage, 'SupersededAgain')).toEqual([])
  await stage.push({ version: '1.7.0', env: { GREETING: 'hello' } })
  await atGate(stage, 5)
  await eventually(async () => {
    expect(await eventsOf(stage, 'SupersededAgain')).toEqual([expect.stringContaining('onNewRevision: queue')])
  })
})

const atGate = (stage: Stage, release: number): Promise<unknown> =>
  stage.until(
    `release ${release} waits at its gate`,
    (sight) => phaseOf(sight) === 'AwaitingApproval' && sight.rollout?.status?.release === release,
  )

const EVENTS = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true }

/** The sentences. */
async function eventsOf({ kube, namespace }: Stage, reason: string): Promise<string[]> {
  type Event = Parameters<typeof kube.create>[1] & { reason?: string; note?: string }
  const { items } = await kube.list<Event>(EVENTS, { namespace })
  return items.filter((event) => event.reason === reason).map(({ note = '' }) => note)
}
