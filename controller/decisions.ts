import type { Decision } from '../crds/schema/decision.ts'
import { FIELD_MANAGER, releaseObject } from '../crds/names.ts'
import { DECISIONS } from '../crds/resources.ts'
import { createQueue, describeError, isConflict, isNotFound, reflect, type Kube } from '../kube/index.ts'
import { whyRefused, type Vouching } from './vouching.ts'

export type DecisionsOptions = Vouching & {
  kube: Pick<Kube, 'list' | 'watch' | 'get' | 'mergePatch' | 'delete'>
  onRestart: (kind: string) => void
  /** Milliseconds: how long a Decision stays after its outcome, and how often older ones are looked for. */
  keepDecisionsMs: number
  collectMs: number
  /** This process removes the old ones. */
  collects: () => boolean
  /** The Release object of this name is still there. */
  hasRelease: (release: { namespace: string; name: string }) => boolean
}

export type Decisions = {
  /** Resolves when all of them are known. */
  synced: Promise<void>
  lastActivity(): number
  stop(): Promise<void>
}

/** Of calls that wait for a run: one that does not answer must not keep others waiting. */
const AT_ONCE = 64
/** A run that ended before it could write what became of a word is asked again: then nobody takes it. */
const ANSWERED_WITHIN_MS = 30_000

/**
 * Brings every Decision to the run of its Rollout, again and again until somebody has taken or refused it. Any number of
 * processes may do so at the same time: its uid makes it one word. What no run can answer is refused here.
 */
export function startDecisions(options: DecisionsOptions): Decisions {
  const { kube, log, onRestart } = options
  const known = reflect<Decision>({
    kube,
    log,
    onRestart,
    resource: DECISIONS,
    trim: withoutManagers,
    onChange: (key) => isOpen(known.get(key)) && queue.add(key),
  })
  const queue = createQueue({
    log,
    concurrency: AT_ONCE,
    reconcile: (key) => deliver(options, known.get(key)),
  })
  const timer = setInterval(() => options.collects() && void collect(options, known.items()), options.collectMs)
  return {
    synced: known.synced,
    lastActivity: () => known.lastActivity(),
    async stop() {
      clearInterval(timer)
      await known.stop()
      await queue.stop()
    },
  }
}

const isOpen = (decision: Decision | undefined): decision is Decision =>
  decision !== undefined && decision.status?.outcome === undefined && decision.metadata.deletionTimestamp === undefined

async function deliver(
  options: DecisionsOptions,
  decision: Decision | undefined,
): Promise<{ requeueAfterMs?: number }> {
  if (!isOpen(decision)) return {}
  const why = await whyRefused(options, decision)
  if (why === undefined) return { requeueAfterMs: ANSWERED_WITHIN_MS }
  await refuse(options, decision, why)
  return {}
}

/** Only as long as nobody else has written what became of it: the change that was faster brings the next look. */
async function refuse({ kube, log }: DecisionsOptions, { metadata, spec }: Decision, why: string): Promise<void> {
  const { namespace = '', name, resourceVersion = '' } = metadata
  const status = { outcome: 'Refused', message: why.slice(0, MOST_CHARACTERS), at: new Date().toISOString() }
  try {
    const ref = { resource: DECISIONS, namespace, name }
    const options = { subresource: 'status', fieldManager: FIELD_MANAGER.controller } as const
    await kube.mergePatch(ref, { metadata: { resourceVersion }, status }, options)
    log.info({ namespace, rollout: spec.rollout, decision: name, by: spec.by, reason: why }, 'Decision refused')
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error
    log.debug({ namespace, decision: name, error: describeError(error) }, 'the Decision changed meanwhile')
  }
}

const MOST_CHARACTERS = 4_096

/** Whoever reads the record of a release finds who decided what in it. Never throws: the next time comes. */
async function collect(
  { kube, keepDecisionsMs, hasRelease, log }: DecisionsOptions,
  decisions: Decision[],
): Promise<void> {
  const before = Date.now() - keepDecisionsMs
  for (const { metadata, spec, status } of decisions) {
    const { namespace = '', name, uid } = metadata
    if (status === undefined || Date.parse(status.at) > before) continue
    if (hasRelease({ namespace, name: releaseObject(spec.rollout, spec.release) })) continue
    try {
      await kube.delete({ resource: DECISIONS, namespace, name }, uid === undefined ? {} : { uid })
      log.info({ namespace, rollout: spec.rollout, decision: name }, 'old Decision removed')
    } catch (error) {
      const fields = { namespace, decision: name, error: describeError(error) }
      log.warn(fields, 'old Decision not removed, will be tried again')
    }
  }
}

function withoutManagers(decision: Decision): Decision {
  const { managedFields: _, ...metadata } = decision.metadata
  return { ...decision, metadata }
}
