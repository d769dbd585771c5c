import type { Release } from '../../crds/schema/release.ts'
import { needRollout, reach, releasesOf, type AccessOptions } from '../access.ts'
import { Refusal } from '../failure.ts'
import { written } from '../objects.ts'
import { releaseOf, type Sight } from '../sight.ts'
import type { Terminal } from '../terminal.ts'
import { recompute, type Recomputed } from './recompute.ts'
import { report } from './report.ts'

export type ExplainOptions = AccessOptions & { release?: number; output?: 'json' | 'yaml' }

const NARROWEST = 60
const UNSEEN_WIDTH = 120

/**
 * `sluice explain NAME`: the whole evidence of a release, computed again from its stored ledger. Returns 1 when that
 * gives another verdict than the stored one. Throws `Refusal` when there is nothing to explain.
 */
export async function explain(name: string, options: ExplainOptions, terminal: Terminal): Promise<number> {
  const access = reach(options)
  const rollout = await needRollout(access, name)
  const release = needRelease({ rollout, releases: await releasesOf(access, name) }, name, options.release)
  const recomputed = recompute(release)
  if (options.output) terminal.print(await written(objectOf(release, recomputed), options.output))
  else {
    const width = Math.max(NARROWEST, terminal.screen?.columns ?? UNSEEN_WIDTH)
    terminal.print(`${report(release, recomputed, { colors: terminal.colors, width }).join('\n')}\n`)
  }
  return recomputed.agreement === 'different' ? 1 : 0
}

function needRelease(sight: Sight, name: string, asked: number | undefined): Release {
  const release = releaseOf(sight, asked)
  if (release) return release
  const known = sight.releases.map(({ spec }) => spec.number).join(', ')
  const there = known ? `there are ${known}` : 'there is none yet'
  throw new Refusal(
    asked === undefined ? `${name} has no release; ${there}` : `there is no release ${asked} of ${name}; ${there}`,
  )
}

/** For machines: what is stored, what it gives today, and the rows. */
const objectOf = (
  { metadata, spec, status }: Release,
  { stored, computed, agreement, ledger }: Recomputed,
): object => ({
  release: { namespace: metadata.namespace, name: spec.rollout, number: spec.number },
  revision: spec.revision,
  from: spec.from,
  outcome: status?.outcome,
  agreement,
  verdict: stored,
  ...(agreement === 'different' ? { computed } : {}),
  ledger,
})
