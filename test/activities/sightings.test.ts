import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { sightings, type Sighting } from '../../activities/sightings.ts'
import type { Reading } from '../../analysis/index.ts'
import type { Readiness } from '../../workload/workload.ts'

const reading = (t0: number): Reading => ({ t0, t1: t0 + 2, cells: { errors: [10, 90, 0, 0] } })

it('a watch that takes over reads the gap first: pods that it has not looked for yet are not missing', async () => {
  const ended = new AbortController()
  async function* gap(): AsyncGenerator<Reading> {
    yield reading(100)
    yield reading(102)
  }
  const workload = {
    async followPods(_pods: unknown, see: (readiness: Readiness) => void): Promise<void> {
      await setImmediate()
      see({ desired: 1, ready: 1 })
    },
  }
  const pods = { namespace: 'shop', rollout: 'checkout', revision: 'bbbbbbbbbb' }
  const seen: Sighting[] = []
  for await (const sighting of sightings({ workload, pods, readings: gap(), signal: ended.signal })) {
    if (seen.push(sighting) === 2) ended.abort()
  }
  expect(seen).toEqual([
    { kind: 'reading', reading: reading(100), ready: 1 },
    { kind: 'reading', reading: reading(102), ready: 1 },
  ])
})
