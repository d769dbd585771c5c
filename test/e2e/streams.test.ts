import { expect, inject, test } from 'vitest'
import { eventually } from '../patience.ts'
import { analysisOf } from '../stage/shop.ts'
import { hasLeft, outcomeOf, podsOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'
import { openStream, type Stream } from '../stage/stream.ts'

const access = inject('access')
const PATIENCE_MS = 100_000
const STEPS = [{ setWeight: 50 }, { pause: { for: '1s' } }]

test.concurrent('a stream stays open through a promotion, and its pods with it until it is closed', async () => {
  await using stage = await openStage({ access, name: 'streaming', retries: 0 })
  const { stable, stream } = await begin(stage, '1h')
  await promoted(stage)
  await toldOpen(stage, stable)

  const before = stream.lines().length
  await eventually(() => expect(stream.lines().length).toBeGreaterThan(before + 20), PATIENCE_MS)
  expect(stream.ended()).toBeUndefined()
  expect(new Set(stream.lines())).toEqual(new Set(['1.4.0']))
  expect(podsOf(stage.now(), stable)).toHaveLength(2)
  stream.close()
  await stage.until('the old version has left', (sight) => hasLeft(sight, stable))
})

test.concurrent('what is still open after drain is ended, and not broken off', async () => {
  await using stage = await openStage({ access, name: 'drained', retries: 0 })
  const { stable, stream, load } = await begin(stage, '20s')
  await promoted(stage)
  expect(stream.ended()).toBeUndefined()
  await stage.until('the old version has left', (sight) => hasLeft(sight, stable))
  await eventually(() => expect(stream.ended()).toBe('said good-bye'), PATIENCE_MS)
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})

/** A stream to what serves before anything is released. Rows have to show requests: only then do they show that none come. */
async function begin(stage: Stage, drain: string) {
  const stable = await stage.install({
    version: '1.4.0',
    steps: STEPS,
    analysis: analysisOf(access.prometheus),
    spec: { drain, scaleDownDelay: '1s' },
  })
  const load = stage.load({ rps: 30 })
  const stream: Stream = await openStream(access, `${stage.namespace}.shop.local`)
  return { stable, stream, load }
}

async function promoted(stage: Stage): Promise<void> {
  await stage.push({ version: '1.5.0' })
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
}

const EVENTS = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true }

const toldOpen = ({ kube, namespace }: Stage, revision: string): Promise<void> =>
  eventually(async () => {
    const { items } = await kube.list<never>(EVENTS, { namespace })
    const note = expect.stringContaining(`Revision ${revision} keeps its pods: 1 stream is still open`) as string
    expect(items).toContainEqual(expect.objectContaining({ reason: 'StillWarm', note }))
  }, PATIENCE_MS)
