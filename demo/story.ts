import type { Release } from '../crds/schema/release.ts'
import type { Crowd } from './crowd.ts'
import type { VersionTally } from './load.ts'
import type { Pushed, Repository } from './repository.ts'
import type { Screen } from './screen.ts'
import type { Entry } from './table.ts'
import type { Sight, Witness } from './witness.ts'

/** `release`: its number. */
export type Gate = { name: string; release: number }

export type Scene = {
  witness: Witness
  crowd: Crowd
  repository: Repository
  screen: Screen
  /** Called when a release waits at a gate; what it resolves to is no matter, the release tells. */
  atGate: (gate: Gate) => Promise<void>
  /** Of one release, in milliseconds; without it a person may take their time. */
  patienceMs?: number
}

/** One release of the story, and how it has to end to be the story. */
export type Chapter = {
  title: string
  from: string
  to: string
  message: string
  outcome: 'Promoted' | 'RolledBack'
  /** What is wrong with it: the metric that has to find it. */
  flaw?: 'errors' | 'latency'
}

export const FIRST_VERSION = '1.4.0'

export const CHAPTERS: Chapter[] = [
  {
    title: 'A good version',
    from: FIRST_VERSION,
    to: '1.5.0',
    message: 'checkout 1.5.0: a faster basket',
    outcome: 'Promoted',
  },
  {
    title: 'A version that fails 5 % of its requests',
    from: '1.5.0',
    to: '1.6.0',
    message: 'checkout 1.6.0: vouchers',
    outcome: 'RolledBack',
    flaw: 'errors',
  },
  {
    title: 'A version that is 400 ms slower on 10 % of its requests',
    from: '1.6.0',
    to: '1.7.0',
    message: 'checkout 1.7.0: recommendations in the basket',
    outcome: 'RolledBack',
    flaw: 'latency',
  },
]

const BEGIN_MS = 60_000

/** The first revision: nobody to be compared with, so it is just there. Throws when it does not serve within a minute. */
export async function install({ witness }: Pick<Scene, 'witness'>): Promise<Entry> {
  const release = await witness.until('version 1 serves', served, BEGIN_MS)
  return {
    release: release.spec.number,
    version: FIRST_VERSION,
    outcome: release.status?.outcome ?? '',
    sentence: release.status?.message ?? '',
    pushToCanaryMs: undefined,
    badToZeroMs: undefined,
    bad: 0,
    lost: 0,
  }
}

/** Pushes the version and follows its release to the end. Throws when none begins, or when patience is over. */
export async function play(chapter: Chapter, scene: Scene): Promise<Entry> {
  const { witness, crowd, repository, screen } = scene
  screen.title(chapter.title)
  const before = await crowd.stats()
  const pushed = await repository.push({
    file: 'checkout.yaml',
    replace: `checkout:${chapter.from}`,
    by: `checkout:${chapter.to}`,
    message: chapter.message,
  })
  screen.say(`git push ${pushed.commit.slice(0, 10)} "${chapter.message}"`)
  const begun = await witness.until('the release begins', (sight) => releaseOf(sight, pushed), BEGIN_MS)
  const { release, sentence } = await followToTheEnd(begun.spec.number, scene)
  const after = await crowd.stats()
  return {
    ...measure(chapter, { pushed, release, sight: witness.now(), tally: after.checkout.versions[chapter.to] }),
    sentence,
    lost: after.lost - before.lost,
  }
}

/** True when the chapter went as it has to: the outcome, and for a bad version the metric that found it. */
export function went({ outcome, flaw }: Chapter, { witness }: Pick<Scene, 'witness'>, { release }: Entry): boolean {
  const status = witness.now().releases.find(({ spec }) => spec.number === release)?.status
  if (status?.outcome !== outcome) return false
  const [leading] = (status.verdict?.metrics ?? []).toSorted((one, other) => other.share - one.share)
  return flaw === undefined || (status.verdict?.verdict === 'rollback' && leading?.name === flaw)
}

const served = ({ rollout, releases }: Sight): Release | undefined =>
  rollout?.status?.stable ? releases.find(({ status }) => status?.outcome === 'Promoted') : undefined

const releaseOf = ({ releases }: Sight, { commit }: Pushed): Release | undefined =>
  releases.find(({ spec }) => spec.provenance.commit === commit)

/** The release as it ended, and why: its promotion, or the last verdict that moved it; what came later decided nothing. */
async function followToTheEnd(
  number: number,
  { witness, atGate, patienceMs }: Scene,
): Promise<{ release: Release; sentence: string }> {
  const passed = new Set<string>()
  let sentence: string | undefined
  const find = ({ releases }: Sight): Release | undefined => releases.find(({ spec }) => spec.number === number)
  const forget = witness.onChange(() => {
    const sight = witness.now()
    const { gate, release } = sight.rollout?.status ?? {}
    const { verdict } = find(sight)?.status ?? {}
    if (verdict && verdict.verdict !== 'hold') sentence = verdict.sentence
    if (!gate || release !== number || passed.has(gate)) return
    passed.add(gate)
    void atGate({ name: gate, release })
  })
  // Told by two watches: whichever comes last.
  const ended = (sight: Sight): Release | undefined => {
    const release = find(sight)
    const isOver = (sight.rollout?.status?.lastRelease?.number ?? 0) >= number
    return isOver && release?.status?.outcome !== undefined ? release : undefined
  }
  try {
    const release = await witness.until(`release ${number} ends`, ended, patienceMs)
    const { outcome, message = '' } = release.status ?? {}
    return { release, sentence: outcome === 'Promoted' ? message : (sentence ?? message) }
  } finally {
    forget()
  }
}

type Observation = { pushed: Pushed; release: Release; sight: Sight; tally: VersionTally | undefined }

function measure(
  { to, flaw }: Chapter,
  { pushed, release, sight, tally }: Observation,
): Omit<Entry, 'sentence' | 'lost'> {
  const { revision, number } = release.spec
  const moves = sight.moves.filter(({ at }) => at >= pushed.at)
  const canary = moves.find(({ weights }) => (weights[revision] ?? 0) > 0)
  const firstBad = flaw === 'latency' ? tally?.firstSlowAt : tally?.firstFailedAt
  const zero =
    firstBad === undefined
      ? undefined
      : moves.find(({ at, weights }) => at >= firstBad && !((weights[revision] ?? 0) > 0))
  return {
    release: number,
    version: to,
    outcome: release.status?.outcome ?? '',
    pushToCanaryMs: canary && canary.at - pushed.at,
    badToZeroMs: flaw && zero && firstBad !== undefined ? zero.at - firstBad : undefined,
    bad: (flaw === 'latency' ? tally?.slow : tally?.failed) ?? 0,
  }
}
