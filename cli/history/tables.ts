import { isAbout } from '../../crds/decision.ts'
import { formatDuration } from '../../crds/duration.ts'
import type { Decision } from '../../crds/schema/decision.ts'
import type { Release } from '../../crds/schema/release.ts'
import { age, clock, table } from '../render.ts'
import type { Terminal } from '../terminal.ts'
import { moodOf } from '../words.ts'

type Setting = Pick<Terminal, 'colors' | 'now'> & { wide: boolean }

/** One line per release: how it ended, how long it took, whose it was, and who had a say. */
export function releaseTable(releases: Release[], decisions: Decision[], setting: Setting): string[] {
  const { colors, now, wide } = setting
  const header = ['RELEASE', 'REVISION', 'OUTCOME', 'STARTED', 'TOOK', 'DECIDED', 'COMMIT', 'AUTHOR', 'CHANGE']
  const rows = releases.map((release) => {
    const { spec, status } = release
    const outcome = status?.outcome ?? 'Running'
    const { commit, author, message, images } = spec.provenance
    return [
      `${spec.number}`,
      spec.revision,
      moodOf(outcome).paint(colors)(outcome),
      age(status?.startedAt, now()),
      tookWords(status, now()),
      whoDecided(decisions, release),
      commit?.slice(0, 10) ?? '',
      author ?? '',
      message?.split('\n')[0] ?? '',
      ...(wide ? [images.join(','), status?.verdict?.sentence ?? status?.message ?? ''] : []),
    ]
  })
  return table([...header, ...(wide ? ['IMAGES', 'WHY'] : [])], rows)
}

/** One line per word that somebody said about a release. */
export function decisionTable(decisions: Decision[], { colors }: Pick<Terminal, 'colors'>): string[] {
  const rows = decisions.map(({ metadata, spec, status }) => [
    metadata.creationTimestamp === undefined ? '' : clock(metadata.creationTimestamp),
    spec.action,
    spec.gate ?? '',
    spec.by,
    status?.outcome === 'Refused' ? colors.red(status.outcome) : (status?.outcome ?? 'Waiting'),
    [spec.reason, status?.message].filter(Boolean).join(' · '),
  ])
  return table(['AT', 'DECISION', 'GATE', 'BY', 'OUTCOME', 'WHY'], rows)
}

function tookWords(status: Release['status'], now: number): string {
  if (status?.startedAt === undefined) return ''
  const end = status.endedAt === undefined ? now : Date.parse(status.endedAt)
  const seconds = Math.max(0, Math.round((end - Date.parse(status.startedAt)) / 1_000))
  return seconds === 0 ? '0s' : formatDuration(seconds * 1_000)
}

/** Whoever was refused decided nothing. */
function whoDecided(decisions: Decision[], release: Release): string {
  const counted = decisions.filter((one) => isAbout(one, release) && one.status?.outcome !== 'Refused')
  return [...new Set(counted.map(({ spec }) => `${spec.action} ${spec.by}`))].join(', ')
}
