import type { Sight } from '../../../api/sight.ts'
import type { Phase, Stall } from '../../../crds/conditions.ts'
import { checkout } from './checkout.ts'
import { judged, ledgerOf } from './evidence.ts'
import { eventsOf, podsOf, releaseOf, rolloutOf, sightOf } from './sights.ts'

const MINUTE = 60_000

/** A company on an ordinary afternoon: somebody is waited for, some things move, one went back, most rest. */
export function ordinaryFleet(now: number, resting = 36): Sight[] {
  return [
    checkout(now),
    silentSearch(now),
    ...SCENES.map((scene, i) => moving(now, i, scene)),
    ...Array.from({ length: resting }, (_, i) => restful(now, i)),
  ]
}

type Scene = {
  key: [namespace: string, name: string]
  phase: Phase
  message: string
  weight: number
  step: string
  minutes: number
  stall?: Stall
  /** As the status says it. */
  hold?: string
}

const SCENES: Scene[] = [
  {
    key: ['shop', 'basket'],
    phase: 'Analysing',
    message: 'Analysing 5d0b7e91a0 at 10 % for 5m',
    weight: 10,
    step: '2/7',
    minutes: 2,
  },
  {
    key: ['platform', 'gateway'],
    phase: 'Progressing',
    message: '50 % of the traffic goes to 5d0b7e91a1',
    weight: 50,
    step: '5/7',
    minutes: 1,
  },
  {
    key: ['media', 'thumbnails'],
    phase: 'Paused',
    message: 'Paused at 25 % until somebody resumes it',
    weight: 25,
    step: '4/7',
    minutes: 95,
    hold: 'untilResumed',
  },
  {
    key: ['billing', 'invoices'],
    phase: 'Aborted',
    message: 'Aborted by ines@shop.example: the totals look wrong',
    weight: 0,
    step: '3/7',
    minutes: 190,
    stall: 'Aborted',
  },
  {
    key: ['billing', 'ledger'],
    phase: 'RolledBack',
    message: 'Rolled back: 41 of 802 canary requests failed in the last row, stable 3 of 15 214.',
    weight: 0,
    step: '2/7',
    minutes: 34,
    stall: 'AnalysisFailed',
  },
]

function moving(now: number, index: number, { key: [namespace, name], stall, hold, ...scene }: Scene): Sight {
  const at = now - scene.minutes * MINUTE
  const [canary, stable] = [`5d0b7e91a${index}`, `77e0c1d2b${index}`]
  const number = 20 + index
  const release = releaseOf({
    namespace,
    name,
    number,
    revision: canary,
    from: stable,
    image: `registry.shop.example/${name}:2.${index + 3}.0`,
    commit: `${index}4be21cc90${index}1`,
    author: PEOPLE[index % PEOPLE.length] ?? '',
    says: `${name} 2.${index + 3}.0`,
    steps: [
      { kind: 'setWeight', weight: 10 },
      { kind: 'analyze', forMs: 5 * MINUTE },
      { kind: 'setWeight', weight: 25 },
      { kind: 'pause' },
      { kind: 'setWeight', weight: 50 },
      { kind: 'analyze', forMs: 10 * MINUTE },
      { kind: 'bake', forMs: 30 * MINUTE },
    ],
    startedAt: at - 9 * MINUTE,
    message: scene.message,
    stepIndex: Number(scene.step[0]) - 1,
    weight: scene.weight,
    timeline: [
      [at - 8 * MINUTE, 'WeightSet', `Release ${number}: 10 % of the traffic goes to revision ${canary}`],
      [at, scene.phase === 'Progressing' ? 'WeightSet' : scene.phase, scene.message],
    ],
    ...(stall ? { outcome: scene.phase as 'Aborted' | 'RolledBack', endedAt: at } : {}),
  })
  const status = stall
    ? { stable, weight: 0, lastRelease: { number, revision: canary, outcome: scene.phase as 'Aborted' } }
    : { stable, canary, weight: scene.weight, step: scene.step, release: number, ...(hold ? { hold } : {}) }
  const rollout = rolloutOf({
    namespace,
    name,
    phase: scene.phase,
    message: scene.message,
    at,
    image: `registry.shop.example/${name}:2.${index + 3}.0`,
    status,
    ...(stall ? { stall } : {}),
  })
  const pods = [
    ...podsOf(name, { namespace, revision: canary, count: 1, at }),
    ...podsOf(name, { namespace, revision: stable, count: 3, at: at - 9_000 * MINUTE }),
  ]
  return sightOf(rollout, { releases: [release], pods, events: eventsOf(release) })
}

/** Prometheus has said nothing for four minutes: no data is neither good nor bad. */
function silentSearch(now: number): Sight {
  const [canary, stable] = ['e4a0b91d55', '0c7719fe2a']
  const startedAt = now - 14 * MINUTE
  const from = Math.ceil((startedAt + MINUTE) / 15_000) * 15
  const { ledger, verdict } = judged(
    ledgerOf({
      seed: 3,
      canary: `search-${canary}`,
      baseline: `search-${stable}`,
      from,
      perRow: 160,
      stretches: [
        { weight: 10, rows: 34 },
        { weight: 10, rows: 16, silent: true },
      ],
    }),
  )
  const release = releaseOf({
    namespace: 'shop',
    name: 'search',
    number: 31,
    revision: canary,
    from: stable,
    image: 'registry.shop.example/search:5.2.0',
    commit: '51c0ffee8890ab',
    author: 'Tomasz Zieliński',
    says: 'search 5.2.0: synonyms',
    steps: [
      { kind: 'setWeight', weight: 10 },
      { kind: 'analyze', forMs: 20 * MINUTE },
      { kind: 'setWeight', weight: 50 },
      { kind: 'analyze', forMs: 20 * MINUTE },
    ],
    startedAt,
    message: verdict.sentence,
    stepIndex: 1,
    weight: 10,
    verdict,
    ledger,
    timeline: [
      [from * 1_000, 'WeightSet', `Release 31: 10 % of the traffic goes to revision ${canary}`],
      [now - 4 * MINUTE, 'Holding', verdict.sentence],
    ],
  })
  const rollout = rolloutOf({
    namespace: 'shop',
    name: 'search',
    phase: 'Holding',
    message: verdict.sentence,
    at: now - 4 * MINUTE,
    image: 'registry.shop.example/search:5.2.0',
    status: { stable, canary, weight: 10, step: '2/4', release: 31 },
  })
  return sightOf(rollout, {
    releases: [release],
    events: eventsOf(release),
    pods: [
      ...podsOf('search', {
        namespace: 'shop',
        revision: canary,
        count: 2,
        at: startedAt,
        unready: 'back-off 40s restarting failed container',
        restarts: 3,
      }),
      ...podsOf('search', { namespace: 'shop', revision: stable, count: 4, at: now - 20_000 * MINUTE }),
    ],
  })
}

const PEOPLE = ['Noor Haddad', 'Ines Okafor', 'Jonas Lind', 'Tomasz Zieliński']
const NAMESPACES = ['billing', 'media', 'platform', 'search', 'shop']
const NAMES = [
  'accounts',
  'adverts',
  'audit',
  'carts',
  'catalog',
  'coupons',
  'currency',
  'email',
  'exports',
  'feed',
  'frontend',
  'images',
  'inventory',
  'orders',
  'payment',
  'prices',
  'queue',
  'reviews',
  'sessions',
  'shipping',
  'stock',
  'tracking',
  'uploads',
  'wishlist',
]

function restful(now: number, index: number): Sight {
  const name = `${NAMES[index % NAMES.length]}${index < NAMES.length ? '' : `-${Math.floor(index / NAMES.length)}`}`
  const revision = ((index + 1) * 2_654_435_761).toString(16).padStart(10, 'a').slice(-10)
  return sightOf(
    rolloutOf({
      namespace: NAMESPACES[index % NAMESPACES.length] ?? 'shop',
      name,
      phase: 'Promoted',
      message: `Revision ${revision} serves all of the traffic`,
      at: now - (index + 1) * 333 * MINUTE,
      image: `registry.shop.example/${name}:${1 + (index % 4)}.${index % 9}.${index % 3}`,
      status: { stable: revision, weight: 0, lastRelease: { number: 3 + (index % 20), revision, outcome: 'Promoted' } },
    }),
  )
}
