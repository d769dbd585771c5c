import type { Action, DecisionSpec } from '../crds/decision.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { needRollout, reach, releasesOf, whoAsks, type AccessOptions } from './access.ts'
import { Refusal } from './failure.ts'
import { needRight } from './rights.ts'
import { SELF } from './self.ts'
import type { Terminal } from './terminal.ts'
import { phaseOf } from './words.ts'

export type DecideOptions = AccessOptions & {
  gate?: string
  release?: number
  reason?: string
  temporalAddress: string
  temporalNamespace: string
  cluster: string
}

/** `sluice approve | abort | … NAME`: says the word about the release that the caller sees. Throws `Refusal`. */
export async function sayWord(action: Action, name: string, options: DecideOptions, terminal: Terminal): Promise<void> {
  const access = reach(options)
  const rollout = await needRollout(access, name)
  const about = subjectOf(rollout, await releasesOf(access, name), action, options)
  const { reason, temporalAddress: address, temporalNamespace, cluster } = options
  await needRight(access, action, name)
  const by = await whoAsks(access)
  const decision: DecisionSpec = { rollout: name, action, by, ...about, ...(reason === undefined ? {} : { reason }) }
  const { decide } = await import('./update.ts')
  const { message } = await decide({ address, temporalNamespace, cluster, namespace: access.namespace, decision })
  terminal.print(`${message}\n`)
  terminal.print(terminal.colors.dim(`See what becomes of it: ${SELF} status ${name} -n ${access.namespace} --watch\n`))
}

type Subject = Pick<DecisionSpec, 'release' | 'revision' | 'gate'>

/** Bound to what the status says right now: the run refuses a word about another release, revision or gate. */
function subjectOf(rollout: Rollout, releases: Release[], action: Action, asked: DecideOptions): Subject {
  const { metadata, status } = rollout
  const name = `${metadata.namespace}/${metadata.name}`
  const release = asked.release ?? status?.release
  if (release === undefined) throw new Refusal(`no release of ${name} is under way: there is nothing to ${action}`)
  const revision =
    releases.find(({ spec }) => spec.number === release)?.spec.revision ?? runningRevision(status, release)
  if (revision === undefined) throw new Refusal(`there is no release ${release} of ${name}`)
  if (action !== 'approve' && action !== 'reject') return { release, revision }
  const gate = asked.gate ?? status?.gate
  if (gate !== undefined) return { release, revision, gate }
  const where = [phaseOf(status), ...(status?.step ? [`step ${status.step}`] : [])].join(', ')
  throw new Refusal(
    `no gate of release ${release} of ${name} waits for a person (${where}): there is nothing to ${action}. ` +
      `See ${SELF} status ${metadata.name} -n ${metadata.namespace} --watch`,
  )
}

const runningRevision = (status: Rollout['status'], release: number): string | undefined =>
  release === status?.release ? status.canary : undefined
