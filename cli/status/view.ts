import type { Action } from '../../crds/decision.ts'
import { deedsAt, needOf } from '../../crds/need.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import { outlook } from './outlook.ts'
import { clock, integer, table, wrap } from '../render.ts'
import { SELF } from '../self.ts'
import { releaseOf, stateOf, type Sight } from '../sight.ts'
import { stepLines } from './steps.ts'
import type { Colors } from '../terminal.ts'
import { moodOf, phaseOf } from '../words.ts'

export type ViewOptions = {
  colors: Colors
  /** Characters per line. */
  width: number
  /** Number of the release to show; the running or last one where absent. */
  release?: number
}

const TIMELINE_LINES = 6

/** One Rollout and one of its releases, as lines for people. */
export function view(sight: Sight, options: ViewOptions): string[] {
  const { rollout } = sight
  if (!rollout) return ['The Rollout is gone.']
  const release = releaseOf(sight, options.release)
  const sections = [head(sight, rollout, options), ...(release ? story(sight, release, options) : [])]
  const next = hint(rollout, release)
  if (next.length > 0) sections.push(next.map((line) => options.colors.dim(line)))
  return sections
    .filter((section) => section.length > 0)
    .flatMap((section, index) => (index === 0 ? section : ['', ...section]))
}

function head(sight: Sight, rollout: Rollout, { colors, width, release: asked }: ViewOptions): string[] {
  const { metadata } = rollout
  const release = releaseOf(sight, asked)
  const { phase, message } = stateOf(sight, asked)
  const { icon, paint } = moodOf(phase)
  const title = `${colors.bold(metadata.name)} ${colors.dim(`in ${metadata.namespace}`)}`
  const facts = [paint(colors)(`${icon} ${phase}`), ...(release ? releaseFacts(release, rollout) : [])]
  return [title, facts.join(colors.dim(' · ')), ...wrap(message, width)]
}

function releaseFacts({ spec }: Release, { status }: Rollout): string[] {
  const { commit, author, message } = spec.provenance
  const said = [commit?.slice(0, 10), author && `${author}:`, message?.split('\n')[0]].filter(Boolean).join(' ')
  return [
    `release ${spec.number}`,
    ...(status?.step && status.release === spec.number ? [`step ${status.step}`] : []),
    ...(said ? [said] : []),
  ]
}

function story(sight: Sight, release: Release, options: ViewOptions): string[][] {
  const { colors, width } = options
  const { verdict, timeline = [] } = release.status ?? {}
  const { message } = stateOf(sight, options.release)
  const sentence = verdict && !message.includes(verdict.sentence) ? verdict.sentence : undefined
  return [
    sides(release),
    isInstallation(release) ? [] : stepLines(release.spec.plan, release.status ?? {}, colors),
    [...(sentence ? [`Evidence: ${sentence}`] : []), ...outlook(release)].flatMap((line) => wrap(line, width)),
    timeline.slice(-TIMELINE_LINES).flatMap((entry) => entryLines(entry, width)),
  ]
}

type Entry = NonNullable<NonNullable<Release['status']>['timeline']>[number]

/** What somebody else wrote is shown where it says why something failed. */
function entryLines({ at, event, message, detail }: Entry, width: number): string[] {
  const indent = ' '.repeat(10)
  const lines = wrap(`${clock(at)}  ${event}: ${message}`, width, indent)
  if (detail === undefined || !event.endsWith('Failed')) return lines
  return [...lines, ...detail.split('\n').map((line) => `${indent}│ ${line}`.slice(0, width))]
}

/** The first revision has nobody to be compared with, so it goes without steps. */
const isInstallation = ({ spec }: Release): boolean => spec.from === undefined

function sides(release: Release): string[] {
  const { spec, status } = release
  const weight = status?.weight ?? 0
  const side = (name: string, revision: string | undefined, percent: number, of: 'canary' | 'stable'): string[][] => {
    const count = status?.counts?.[of]
    const share = count && count.requests > 0 ? ` (${((100 * count.failed) / count.requests).toFixed(2)} %)` : ''
    const counts = count ? [integer(count.requests), `${integer(count.failed)}${share}`] : ['', '']
    return revision === undefined ? [] : [[name, revision, `${percent} %`, ...counts]]
  }
  return table(
    ['', 'REVISION', 'WEIGHT', 'REQUESTS', 'FAILED'],
    [...side('canary', spec.revision, weight, 'canary'), ...side('stable', spec.from, 100 - weight, 'stable')],
  )
}

/** What is asked of a person now, bound to what is shown: a newer release is answered by nobody who has seen this one. */
function hint({ metadata, status = {} }: Rollout, release: Release | undefined): string[] {
  const { release: number, gate } = status
  if (number === undefined || (release && release.spec.number !== number)) return []
  const phase = phaseOf(status)
  const need = needOf(status)
  const { first, more } = deedsAt({ ...status, phase, need })
  const direct = DIRECT.has(phase) ? [`${SELF} rollback ${subjectOf(metadata)} --direct   (with your own rights)`] : []
  if (first.length === 0 && need === undefined) return []
  // An abort does what reject does.
  const asked = first.filter((action) => action !== 'reject' && action !== 'abort')
  const abort = [...first, ...more].filter((action) => action === 'abort')
  const again = MEASURING.has(status.hold ?? '') ? [`${SELF} retry ${subjectOf(metadata)}   ${AFRESH}`] : []
  return [...[...asked, ...abort].map((action) => lineOf(action, { metadata, number, gate })), ...again, ...direct]
}

/** Where `spec.analysis` may be what is wrong. */
const MEASURING: ReadonlySet<string> = new Set(['dataDeadline', 'noBaseline', 'tooManySeries'])
const AFRESH = '(after abort: begins again, with the spec.analysis that is declared then)'

/** Where the engine may not be able to do it. */
const DIRECT: ReadonlySet<string> = new Set(['RollbackBlocked', 'EngineStuck', 'EngineUnavailable'])

const subjectOf = ({ name, namespace }: Rollout['metadata']): string => `${name} -n ${namespace}`

type Meant = Pick<Rollout, 'metadata'> & { number: number; gate: string | undefined }

function lineOf(action: Action, { metadata, number, gate }: Meant): string {
  const line = `${SELF} ${action} ${subjectOf(metadata)} --release ${number}`
  if (action === 'approve') return `${line} --gate ${gate}`
  if (action === 'abort') return `${line} --reason WHY`
  return action === 'promote' ? `${line}   (overrides the hold)` : line
}
