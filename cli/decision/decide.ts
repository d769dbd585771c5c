import type { Action, DecisionSpec } from '../../crds/decision.ts'
import { parseDuration } from '../../crds/duration.ts'
import { API_VERSION, FIELD_MANAGER, LABEL } from '../../crds/names.ts'
import { DECISIONS } from '../../crds/resources.ts'
import type { Decision } from '../../crds/schema/decision.ts'
import { describeError, isForbidden, isInvalid } from '../../kube/index.ts'
import { needRollout, reach, releasesOf, type Access, type AccessOptions } from '../access.ts'
import { Refusal } from '../failure.ts'
import { rolesFor } from '../rights.ts'
import { SELF } from '../self.ts'
import type { Terminal } from '../terminal.ts'
import { identify } from './identity.ts'
import { outcomeOf } from './outcome.ts'
import { subjectOf, termsOf } from './subject.ts'

export type DecideOptions = AccessOptions & { gate?: string; release?: number; reason?: string; timeout: string }

const EXIT = { done: 0, timeout: 2 } as const

/**
 * `sluice approve | abort | … NAME`: creates a Decision about what the caller sees, and waits until the engine has answered
 * it. Returns the exit code: 0 taken, 2 not answered within `timeout`. Throws `Refusal` when it does not count.
 */
export async function sayWord(
  action: Action,
  name: string,
  options: DecideOptions,
  terminal: Terminal,
): Promise<number> {
  const access = reach(options)
  const rollout = await needRollout(access, name)
  const releases = await releasesOf(access, name)
  const subject = subjectOf(rollout, releases, action, options)
  const { reason } = options
  const who = await identify(access, termsOf(releases, subject))
  const decision = await create(access, { rollout: name, action, ...who, ...subject, ...(reason ? { reason } : {}) })
  const answer = await outcomeOf(access, decision, { withinMs: parseDuration(options.timeout), terminal })
  if (!answer) {
    terminal.complain(`${unanswered(access, decision, options)}\n`)
    return EXIT.timeout
  }
  if (answer.outcome === 'Refused') throw new Refusal(answer.message)
  terminal.print(`${answer.message} (revision ${subject.revision})\n`)
  terminal.print(terminal.colors.dim(`See what becomes of it: ${SELF} status ${name} -n ${access.namespace} --watch\n`))
  return EXIT.done
}

async function create({ kube, namespace }: Access, spec: DecisionSpec): Promise<Decision> {
  const { rollout, action } = spec
  const object = {
    apiVersion: API_VERSION,
    kind: DECISIONS.kind,
    // The API server makes the name.
    metadata: { name: '', generateName: `${rollout}-`, namespace, labels: { [LABEL.rollout]: rollout } },
    spec,
  }
  try {
    return await kube.create<Decision>(DECISIONS, object, { fieldManager: FIELD_MANAGER.direct })
  } catch (error) {
    if (!isForbidden(error) && !isInvalid(error)) throw error
    throw new Refusal(`${asSentence(error)}. To ${action} here takes a right that ${rolesFor(action)}`)
  }
}

/** What the policy says, without what the API server puts before it. */
const asSentence = (error: unknown): string =>
  describeError(error)
    .replace(/^.* denied request: /s, '')
    .replace(/\.$/, '')

const unanswered = ({ namespace }: Access, { metadata, spec }: Decision, { timeout }: DecideOptions): string =>
  `the engine has not answered Decision ${metadata.name} within ${timeout}; it stands, and counts as soon as the engine ` +
  `reads it: kubectl get decision ${metadata.name} -n ${namespace}. Is the engine there? ${SELF} version. ` +
  `With the API server alone: ${SELF} rollback ${spec.rollout} -n ${namespace} --direct`
