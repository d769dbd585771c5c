import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, it } from 'vitest'
import { awaitQuiet, type QuietInput } from '../../activities/quiet.ts'
import { insidePods, openConnections, toApex, toRevision } from '../../analysis/reader/streams.ts'
import { RELEASES } from '../../crds/resources.ts'
import { BEGAN, REF, reading, stage, type Scene } from './stage.ts'

/** Requests to the apex and to the old revision in that second. */
const row = (index: number, apex: number, old = 0) => reading(index, { cells: { requests: [apex, old, 0, 0] } })

async function play(scene: Scene, input: Partial<QuietInput> = {}) {
  const { deps, kube } = await stage(scene)
  const from = { from: 'aaa', revision: 'bbb' }
  const at = { resource: RELEASES, namespace: REF.namespace, name: 'checkout-2' }
  await kube.mergePatch(at, { spec: from }, { fieldManager: 'test' })
  const asked = { ref: REF, release: 2, revision: 'aaa', since: BEGAN, drainSince: BEGAN, drainMs: 3_600_000, ...input }
  return new MockActivityEnvironment().run(awaitQuiet, deps, asked)
}

it('lets a revision go after two rows without a request', async () => {
  expect(await play({ readings: [row(0, 50, 1), row(1, 50), row(2, 50, 1), row(3, 50), row(4, 50)] })).toEqual({})
})

it('says that streams are open, and once it was said waits until they have ended', async () => {
  const readings = [row(0, 50), row(1, 50), row(2, 50), row(3, 50)]
  expect(await play({ readings, streams: [2] })).toEqual({
    isOpen: true,
    waitingFor:
      'Revision aaa keeps its pods: 2 streams are still open, or as many requests at any time; they go after 1h (spec.drain) at the latest',
  })
  expect(await play({ readings, streams: [2, undefined, 0] }, { toldOpen: true })).toEqual({})
})

it('waits no longer than drain for what is open', async () => {
  const readings = [row(0, 50), row(1, 50), row(2, 50), row(3, 50)]
  expect(await play({ readings, streams: [2, 2] }, { toldOpen: true, drainMs: 3_000 })).toEqual({})
})

it('keeps the pods while requests reach them, however long ago drain was over, and says so', async () => {
  const over = { since: BEGAN - 3_600, drainSince: BEGAN - 3_600, drainMs: 1_000 }
  const busy = Array.from({ length: 20 }, (_, index) => row(index, 50, 1))
  expect(await play({ readings: [...busy, row(20, 50), row(21, 50)] }, over)).toEqual({})
  const long = Array.from({ length: 1_300 }, (_, index) => row(index, 50, 1))
  expect(await play({ readings: long }, over)).toEqual({
    waitingFor: 'Revision aaa keeps its pods: requests still reach it, although no route of this Rollout names it',
  })
})

it('asks the pods first, then callers of its hosts and of the apex', () => {
  const request = {
    namespace: 'shop',
    workload: 'checkout-aaa',
    services: ['checkout-aaa', 'checkout-aaa-x'],
    apex: 'checkout',
    seconds: 4,
  }
  const active = 'envoy_cluster_upstream_rq_active'
  expect(insidePods(request)).toBe(
    String.raw`sum(${active}{cluster_name=~"inbound\\|.*",namespace="shop",pod=~"checkout-aaa-.*"})`,
  )
  expect(toRevision(request)).toBe(
    String.raw`sum(${active}{cluster_name=~"outbound\\|\\d+\\|[^|]*\\|(checkout-aaa|checkout-aaa-x)\\.shop\\.svc\\..*"})`,
  )
  expect(toApex(request)).toMatch(/^min_over_time\(\(sum\(.*\|\(checkout\).*\)\)\[4s:1s\]\)$/)
  expect(openConnections(request)).toContain('destination_workload="checkout-aaa"')
})
