import { expect, it, onTestFinished } from 'vitest'
import { RELEASES, ROLLOUTS, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { CrowdStats } from '../../demo/crowd.ts'
import { narrate } from '../../demo/narrator.ts'
import type { Screen } from '../../demo/screen.ts'
import { CHAPTERS, play, went, type Scene } from '../../demo/story.ts'
import { render } from '../../demo/table.ts'
import { openWitness, type Witness } from '../../demo/witness.ts'
import { createKube, type Log, type ObjectMeta, type Resource } from '../../kube/index.ts'
import { placeOf, startApiServer } from '../fakes/api-server.ts'

const [good, faulty] = CHAPTERS as [(typeof CHAPTERS)[number], (typeof CHAPTERS)[number]]
const quiet: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const REVISION = 'cafe000001'

/** A shop whose cluster the test plays itself: it writes what an engine would write. */
async function stage() {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const witness = openWitness(createKube({ kubeconfig: server.kubeconfig }), quiet)
  onTestFinished(() => witness.stop())
  const stats: CrowdStats = {
    checkout: {
      sent: 0,
      answered: 0,
      lost: 0,
      mesh: 0,
      statuses: {},
      versions: {},
      latency: { p50: 0, p99: 0, max: 0 },
      trouble: [],
    },
    sent: 0,
    lost: 0,
  }
  const lines: string[] = []
  const line = (text: string): void => void lines.push(text)
  const screen = {
    title: line,
    say: line,
    murmur: line,
    complain: line,
    print: (all: string[]) => lines.push(...all),
  } as unknown as Screen
  const gates: string[] = []
  const pushes: string[] = []
  const scene: Scene = {
    witness,
    screen,
    crowd: { stats: () => Promise.resolve(structuredClone(stats)), stop: () => Promise.resolve(stats) },
    repository: {
      remote: '',
      clone: '',
      push: ({ by }) => {
        pushes.push(by)
        return Promise.resolve({ commit: 'c0ffee', at: Date.now() })
      },
    },
    atGate: ({ name }) => Promise.resolve(void gates.push(name)),
  }
  const put = (resource: Resource, name: string, { status, ...body }: Body) => {
    const { group, version, kind } = resource
    server.put(resource, { apiVersion: `${group}/${version}`, kind, metadata: { name, namespace: 'shop' }, ...body })
    if (status) server.store.merge(placeOf(resource, 'shop'), name, { status } as never, 'status')
  }
  return { server, scene, stats, lines, gates, pushes, ...engine(put, witness) }
}

type Body = { metadata?: ObjectMeta; spec?: object; status?: object }

function engine(put: (resource: Resource, name: string, body: Body) => void, witness: Witness) {
  const seen = (what: () => boolean) =>
    witness.until('the witness has seen it', () => (what() ? true : undefined), 5_000)
  return {
    route: async (weights: Record<string, number>) => {
      const hosts = Object.entries(weights).map(([revision, weight]) => ({
        destination: { host: `checkout-${revision}.shop.svc.cluster.local` },
        weight,
      }))
      const apex = [{ destination: { host: 'checkout.shop.svc.cluster.local' } }]
      const http = [{ name: 'primary', route: hosts.length > 0 ? hosts : apex }]
      const before = witness.now().moves.length
      put(VIRTUAL_SERVICES, 'shop', { spec: { http } })
      await seen(() => witness.now().moves.length > before)
    },
    release: (status: object) => {
      const metadata = { name: 'checkout-2', namespace: 'shop', labels: { 'sluice.dev/rollout': 'checkout' } }
      put(RELEASES, 'checkout-2', {
        metadata,
        spec: { number: 2, revision: REVISION, provenance: { commit: 'c0ffee' } },
        status,
      })
    },
    rollout: (status: object) => put(ROLLOUTS, 'checkout', { spec: {}, status }),
  }
}

const verdict = (name: string) => ({
  verdict: 'rollback',
  sentence: `Rolled back: ${name}`,
  metrics: [
    { name: 'errors', share: name === 'errors' ? 0.9 : 0.1 },
    { name: 'latency', share: name === 'latency' ? 0.9 : 0.1 },
  ],
})

it('pushes the version, passes every gate once, and takes the figures from the route and the customers', async () => {
  const { scene, stats, gates, pushes, route, release, rollout } = await stage()
  const playing = play(good, scene)
  release({})
  await route({ old: 95, [REVISION]: 5 })
  rollout({ release: 2, gate: 'go-wide' })
  rollout({ release: 2, gate: 'go-wide', message: 'still waiting' })
  await scene.witness.until('the gate was passed', () => (gates.length > 0 ? true : undefined), 5_000)
  stats.lost = 3
  release({ verdict: { verdict: 'advance', sentence: 'Advancing: all is well' } })
  await scene.witness.until('the verdict', ({ releases }) => releases[0]?.status?.verdict, 5_000)
  release({ outcome: 'Promoted', message: 'Promoted: it serves', verdict: { verdict: 'hold', sentence: 'Watching' } })
  rollout({ lastRelease: { number: 2 } })
  const entry = await playing
  expect(pushes).toEqual(['checkout:1.5.0'])
  expect(gates).toEqual(['go-wide'])
  expect(entry).toMatchObject({
    release: 2,
    version: '1.5.0',
    outcome: 'Promoted',
    sentence: 'Promoted: it serves',
    lost: 3,
  })
  expect(entry.pushToCanaryMs).toBeGreaterThanOrEqual(0)
  expect(entry.badToZeroMs).toBeUndefined()
  expect(went(good, scene, entry)).toBe(true)
})

it('measures a bad version from its first bad answer to weight 0, and wants it found by the right metric', async () => {
  const { scene, stats, route, release, rollout } = await stage()
  const playing = play(faulty, scene)
  release({})
  await route({ old: 95, [REVISION]: 5 })
  const firstFailedAt = Date.now()
  stats.checkout.versions['1.6.0'] = { requests: 80, failed: 4, slow: 0, firstAt: 1, lastAt: 1, firstFailedAt }
  await route({ old: 100, [REVISION]: 0 })
  release({ outcome: 'RolledBack', verdict: verdict('errors') })
  rollout({ lastRelease: { number: 2 } })
  const entry = await playing
  expect(entry).toMatchObject({ outcome: 'RolledBack', sentence: 'Rolled back: errors', bad: 4 })
  expect(entry.badToZeroMs).toBe(scene.witness.now().moves.at(-1)!.at - firstFailedAt)
  expect(went(faulty, scene, entry)).toBe(true)
  release({ outcome: 'RolledBack', verdict: verdict('latency') })
  await scene.witness.until('the other verdict', () => (went(faulty, scene, entry) ? undefined : true), 5_000)
})

it('gives up with a sentence when nothing begins or ends in time', async () => {
  const { scene, release, rollout } = await stage()
  release({})
  rollout({ message: 'Holding: no data' })
  await expect(play(good, { ...scene, patienceMs: 200 })).rejects.toThrow(
    'release 2 ends: not within 0.2 s. The Rollout says: Holding: no data',
  )
})

it('tells every move of the route and every new state once', async () => {
  const { scene, lines, route, release, rollout } = await stage()
  const quietAgain = narrate(scene.witness, scene.screen)
  release({ counts: { canary: { requests: 1_234, failed: 2 }, stable: { requests: 9_999, failed: 0 } } })
  await scene.witness.until('the release', ({ releases }) => releases[0], 5_000)
  await route({ old: 75, [REVISION]: 25 })
  rollout({ message: 'Analysing at 25 %' })
  await scene.witness.until('the message', ({ rollout }) => rollout?.status?.message, 5_000)
  await route({})
  quietAgain()
  expect(lines).toEqual([
    'release 2: canary 1\u00A0234 requests, 2 bad; stable 9\u00A0999 requests, 0 bad',
    `route: █████░░░░░░░░░░░░░░░ 25 % to ${REVISION}`,
    'Analysing at 25 %',
    'route: at rest, everything to the Service checkout',
  ])
})

it('ends with a table of figures and a sentence per release', () => {
  const figures = { pushToCanaryMs: undefined, badToZeroMs: undefined, bad: 0, lost: 0 }
  const lines = render([
    { release: 1, version: '1.4.0', outcome: 'Promoted', sentence: 'Serves.', ...figures },
    {
      release: 2,
      version: '1.6.0',
      outcome: 'RolledBack',
      sentence: 'Found.',
      ...figures,
      pushToCanaryMs: 1_234,
      badToZeroMs: 5_678,
      bad: 7,
    },
  ])
  expect(lines.map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
    'RELEASE | VERSION | OUTCOME | PUSH → CANARY | FIRST BAD → WEIGHT 0 | BAD CANARY REQUESTS | LOST REQUESTS',
    ' | 1 | 1.4.0 | Promoted | – | – | 0 | 0',
    ' | 2 | 1.6.0 | RolledBack | 1.2 s | 5.7 s | 7 | 0',
    '',
    '1 | Serves.',
    '2 | Found.',
  ])
})
