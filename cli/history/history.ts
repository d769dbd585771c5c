import { isAbout } from '../../crds/decision.ts'
import { DECISIONS } from '../../crds/resources.ts'
import { LABEL } from '../../crds/names.ts'
import type { Decision } from '../../crds/schema/decision.ts'
import type { Release } from '../../crds/schema/release.ts'
import { isForbidden } from '../../kube/index.ts'
import { needRollout, reach, releasesOf, type Access, type AccessOptions } from '../access.ts'
import { Refusal } from '../failure.ts'
import { withoutManagedFields, written } from '../objects.ts'
import { SELF } from '../self.ts'
import type { Terminal } from '../terminal.ts'
import { view } from '../status/view.ts'
import { differences } from './differences.ts'
import { decisionTable, releaseTable } from './tables.ts'

export type HistoryOptions = AccessOptions & {
  release?: number
  against?: number
  output?: 'wide' | 'json' | 'yaml'
}

const NARROWEST = 60
const UNSEEN_WIDTH = 120

/** `sluice history NAME`: its releases, newest first; one of them; or what differs between two. Throws `Refusal`. */
export async function history(name: string, options: HistoryOptions, terminal: Terminal): Promise<void> {
  const { release: asked, against, output } = options
  if (against !== undefined && asked === undefined) throw new Refusal('--against needs --release: two are compared')
  const access = reach(options)
  const rollout = await needRollout(access, name)
  const releases = (await releasesOf(access, name)).reverse()
  const one = asked === undefined ? undefined : needRelease(releases, name, asked)
  if (output === 'json' || output === 'yaml') {
    const shown = (one ? [one] : releases).map(withoutManagedFields)
    const what = one ? shown[0] : { apiVersion: 'v1', kind: 'List', items: shown }
    return terminal.print(await written(what, output))
  }
  const print = (lines: string[]): void => terminal.print(`${lines.join('\n')}\n`)
  if (one && against !== undefined) return print(differences(needRelease(releases, name, against), one, terminal))
  const decisions = await decisionsOn(access, name)
  if (one) {
    const width = Math.max(NARROWEST, terminal.screen?.columns ?? UNSEEN_WIDTH)
    const said = decisions.filter((decision) => isAbout(decision, one))
    const story = view({ rollout, releases }, { colors: terminal.colors, width, release: one.spec.number })
    return print([...story, ...(said.length > 0 ? ['', ...decisionTable(said, terminal)] : [])])
  }
  if (releases.length === 0) return terminal.complain(`${name} has no release yet.\n`)
  print(releaseTable(releases, decisions, { ...terminal, wide: output === 'wide' }))
  const last = releases[0]?.spec.number
  terminal.print(terminal.colors.dim(`One of them: ${SELF} history ${name} -n ${access.namespace} --release ${last}\n`))
}

function needRelease(releases: Release[], name: string, number: number): Release {
  const found = releases.find(({ spec }) => spec.number === number)
  if (found) return found
  const known = releases.map(({ spec }) => spec.number).join(', ')
  throw new Refusal(`there is no release ${number} of ${name}; ${known ? `there are ${known}` : 'there is none yet'}`)
}

/** Who may read releases may not always read who said what; the rest is worth seeing without. */
async function decisionsOn({ kube, namespace }: Access, name: string): Promise<Decision[]> {
  try {
    const { items } = await kube.list<Decision>(DECISIONS, { namespace, labelSelector: `${LABEL.rollout}=${name}` })
    return items.sort((one, other) => createdAt(one).localeCompare(createdAt(other)))
  } catch (error) {
    if (isForbidden(error)) return []
    throw error
  }
}

const createdAt = ({ metadata }: Decision): string => metadata.creationTimestamp ?? ''
