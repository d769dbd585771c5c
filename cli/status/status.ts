import { parseDuration } from '../../crds/duration.ts'
import { needRollout, reach, releasesOf, type Access, type AccessOptions } from '../access.ts'
import { Refusal } from '../failure.ts'
import { follow } from '../follow.ts'
import { openPainter } from './painter.ts'
import { endOf, endOfRevision, releaseFor, releaseOf, type End, type Sight } from '../sight.ts'
import type { Terminal } from '../terminal.ts'
import { view } from './view.ts'

export type StatusOptions = AccessOptions & { watch?: boolean; release?: number; revision?: string; timeout?: string }

const EXIT = { promoted: 0, failed: 1, timeout: 2 } as const
const NARROWEST = 40
const UNSEEN_WIDTH = 120

/**
 * `sluice status NAME`: once, or until it ended, as whoever names a `timeout` means. Returns the exit code: 0 promoted or
 * still under way, 1 rolled back or aborted, 2 timeout. Throws `Refusal`.
 */
export async function status(name: string, options: StatusOptions, terminal: Terminal): Promise<number> {
  const access = reach(options)
  const rollout = await needRollout(access, name)
  const sight: Sight = { rollout, releases: await releasesOf(access, name) }
  needRelease(sight, name, options.release)
  if (options.watch || options.timeout !== undefined) return watch(access, name, options, terminal)
  const width = Math.max(NARROWEST, terminal.screen?.columns ?? UNSEEN_WIDTH)
  const release = numberOf(sight, options)
  if (options.revision !== undefined && release === undefined) {
    throw new Refusal(`no release of revision or commit ${options.revision} of ${name} has begun; --watch waits for it`)
  }
  const shown = release === undefined ? {} : { release }
  terminal.print(`${view(sight, { colors: terminal.colors, width, ...shown }).join('\n')}\n`)
  return EXIT[endIn(sight, options) ?? 'promoted']
}

async function watch(access: Access, name: string, options: StatusOptions, terminal: Terminal): Promise<number> {
  const { promise: ended, resolve } = Promise.withResolvers<keyof typeof EXIT>()
  const painter = openPainter(terminal)
  const timeoutMs = options.timeout === undefined ? undefined : parseDuration(options.timeout)
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => resolve('timeout'), timeoutMs)
  let look: () => void = () => undefined
  const { complain } = painter
  const following = await follow(access, { name, terminal: { ...terminal, complain }, onChange: () => look() })
  look = () => {
    const sight = following.sight()
    painter.paint(sight, numberOf(sight, options))
    const end = endIn(sight, options)
    if (end) resolve(end)
  }
  look()
  const end = await ended
  clearTimeout(timer)
  await following.stop()
  if (end === 'timeout') terminal.complain(`not finished within ${options.timeout}: the release goes on without you\n`)
  return EXIT[end]
}

const endIn = (sight: Sight, options: StatusOptions): End | undefined =>
  options.revision === undefined ? endOf(sight, numberOf(sight, options)) : endOfRevision(sight, options.revision)

function needRelease(sight: Sight, name: string, release: number | undefined): void {
  if (release === undefined || releaseOf(sight, release)) return
  const known = sight.releases.map(({ spec }) => spec.number).join(', ')
  throw new Refusal(`there is no release ${release} of ${name}; ${known ? `there are ${known}` : 'there is none yet'}`)
}

/** The release that is asked about, by its number or by what it releases; undefined where none is, or it has not begun. */
const numberOf = (sight: Sight, { release, revision }: StatusOptions): number | undefined =>
  release ?? (revision === undefined ? undefined : releaseFor(sight, revision)?.spec.number)
