import { findCondition, type Phase } from './conditions.ts'
import type { ObjectMeta } from './meta.ts'
import { FREEZE } from './names.ts'
import type { Freeze, FreezeSpec } from './schema/freeze.ts'
import type { RolloutStatus } from './schema/rollout.ts'

/** Why a Rollout makes no forward move although nothing is wrong with it. */
export type Held = {
  phase: Extract<Phase, 'Frozen' | 'Queued'>
  sentence: string
  /** Epoch milliseconds at which it may be otherwise without anybody changing anything. */
  untilMs?: number
}

/** What is asked of a Rollout here. */
export type Candidate = {
  metadata: ObjectMeta
  status?: Pick<RolloutStatus, 'conditions' | 'weight' | 'queuedAt' | 'pausedBy'>
}

export type Surroundings = {
  freezes: Freeze[]
  /** Of the Rollout's namespace. */
  namespace: Pick<ObjectMeta, 'annotations'>
  /** Every Rollout of the cluster, where a limit covers this one. */
  rollouts: Candidate[]
  /** Epoch milliseconds. */
  now: number
}

/** Whoever enters a line has to be seen by all others before one of them counts. */
const ENTERING_MS = 2_000
/** Nobody tells when somebody else's turn is over while no controller runs. */
const AGAIN_MS = 60_000

/** A Freeze that stops comes before a limit. Undefined where nothing holds it. */
export function heldBy(rollout: Candidate, around: Surroundings): Held | undefined {
  const freezes = around.freezes.filter(({ spec }) => !isOver(spec, around.now))
  const covering = freezes.filter((freeze) => covers(freeze, rollout))
  return frozenBy(covering, around) ?? turnOf(rollout, freezes.filter(isLimit), around)
}

/** Others have to be known to say whose turn it is. */
export const isLimited = (rollout: Candidate, freezes: Freeze[]): boolean =>
  freezes.some((freeze) => isLimit(freeze) && covers(freeze, rollout))

/** It waits for a place. */
export const isQueued = (rollout: Candidate): boolean => reasonOf(rollout) === 'Queued'

const isLimit = ({ spec }: Freeze): boolean => spec.atOnce !== undefined

/** The one that lasts longest: until then nothing goes forward. */
function frozenBy(covering: Freeze[], { namespace, now }: Surroundings): Held | undefined {
  const stops = covering
    .filter((freeze) => !isLimit(freeze))
    .map(({ metadata, spec }) => ({
      who: `Freeze ${metadata.name}`,
      until: spec.until,
      reason: spec.reason,
    }))
  const note = noteOf(namespace.annotations?.[FREEZE])
  const all = [...stops, ...(note && !isOver(note, now) ? [note] : [])]
  const endOf = ({ until }: { until?: string | undefined }): number =>
    until === undefined ? Infinity : Date.parse(until)
  const last = all.toSorted((a, b) => endOf(b) - endOf(a))[0]
  if (!last) return undefined
  const until = last.until === undefined ? 'until that is taken away' : `until ${last.until}`
  const sentence = `Frozen by ${last.who} ${until}${last.reason ? `: ${last.reason}` : ''}`
  return { phase: 'Frozen', sentence, ...(last.until === undefined ? {} : { untilMs: endOf(last) }) }
}

/** The annotation says until when, or why, or both: `2027-01-07T06:00:00Z stocktaking`. */
function noteOf(text: string | undefined): { who: string; until?: string; reason: string } | undefined {
  if (text === undefined || text.trim() === 'false') return undefined
  const who = `annotation ${FREEZE} of the namespace`
  const { until, reason = '' } = NOTE.exec(text)?.groups ?? {}
  if (until === undefined || Number.isNaN(Date.parse(until))) return { who, reason: text.trim() }
  return { who, until, reason: reason.trim() }
}

const NOTE = /^\s*(?<until>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)(?<reason>(?:\s.*)?)$/s

const isOver = ({ until }: { until?: string | undefined }, now: number): boolean =>
  until !== undefined && Date.parse(until) <= now

const covers = ({ spec: { namespaces, selector } }: Freeze, { metadata }: Candidate): boolean =>
  (namespaces === undefined || namespaces.includes(metadata.namespace ?? '')) &&
  (selector === undefined || isSelected(selector, metadata.labels ?? {}))

type Selector = NonNullable<FreezeSpec['selector']>

const isSelected = ({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Record<string, string>): boolean =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
  matchExpressions.every(({ key, operator, values = [] }) => FITS[operator](labels[key], values))

type Fit = (value: string | undefined, values: string[]) => boolean

/** As label selectors everywhere: who lacks the label is not in. */
const FITS: Record<'In' | 'NotIn' | 'Exists' | 'DoesNotExist', Fit> = {
  In: (value, values) => value !== undefined && values.includes(value),
  NotIn: (value, values) => value === undefined || !values.includes(value),
  Exists: (value) => value !== undefined,
  DoesNotExist: (value) => value === undefined,
}

const keyOf = ({ metadata }: Candidate): string => `${metadata.namespace}/${metadata.name}`
const reasonOf = ({ status }: Candidate): string | undefined => findCondition(status?.conditions, 'Reconciling')?.reason

/**
 * It has a place. A release that made way leaves its own to whom it made way for, at the head of the line; one without
 * requests that is stopped from outside its plan leaves it to anybody.
 */
const isUnderWay = (rollout: Candidate): boolean =>
  ![undefined, 'Queued', 'Superseded'].includes(reasonOf(rollout)) && !(isStopped(rollout) && !hasRequests(rollout))

const hasRequests = ({ status }: Candidate): boolean => (status?.weight ?? 0) > 0

function isStopped(rollout: Candidate): boolean {
  const reason = reasonOf(rollout)
  return reason === 'Frozen' || isStoppedByPerson(rollout)
}

/** A pause of the plan itself is none. */
function isStoppedByPerson(rollout: Candidate): boolean {
  const reason = reasonOf(rollout)
  return reason === 'Suspended' || (reason === 'Paused' && rollout.status?.pausedBy !== undefined)
}

/** Epoch milliseconds; a condition keeps this time whatever its reason becomes. */
const declaredAt = ({ status }: Candidate): number =>
  Date.parse(findCondition(status?.conditions, 'Reconciling')?.lastTransitionTime ?? '') || 0

/** Since when others can see it in line, epoch milliseconds. */
function queuedSince(rollout: Candidate): number | undefined {
  const { queuedAt } = rollout.status ?? {}
  return queuedAt !== undefined && isQueued(rollout) ? Date.parse(queuedAt) : undefined
}

/**
 * Every limit lets the first in line begin as long as it has places; who waits at one of them takes no place at another.
 * `all` limits decide: whether those ahead go may be up to one that does not concern this Rollout.
 */
function turnOf(rollout: Candidate, all: Freeze[], { rollouts, now }: Surroundings): Held | undefined {
  const mine = all.filter((limit) => covers(limit, rollout))
  if (mine.length === 0 || isUnderWay(rollout)) return undefined
  const me = keyOf(rollout)
  const others = rollouts.filter((each) => keyOf(each) !== me)
  const going = others.filter(isUnderWay)
  const line = lineOf(isQueued(rollout) ? [...others, rollout] : others)
  for (const [index, next] of line.entries()) {
    const full = all.find((limit) => covers(limit, next) && isFull(limit, next, going))
    if (full && keyOf(next) === me) return queued(full, rollout, line.slice(0, index), now)
    if (!full) going.push(next)
  }
  return entering(rollout, mine, now)
}

/** The words change when a person lets it go on: whoever looks by changes looks then. */
function entering(rollout: Candidate, limits: Freeze[], now: number): Held | undefined {
  const words = limits.map(wordsOf).join(', ')
  if (isStoppedByPerson(rollout))
    return { phase: 'Queued', sentence: `Stands in line when it goes on: ${words}`, untilMs: now + AGAIN_MS }
  const entered = (queuedSince(rollout) ?? now) + ENTERING_MS
  return entered <= now ? undefined : { phase: 'Queued', sentence: `Waits for its turn: ${words}`, untilMs: entered }
}

/** Who was declared first comes first. */
const lineOf = (rollouts: Candidate[]): Candidate[] =>
  rollouts.filter(isQueued).toSorted((a, b) => declaredAt(a) - declaredAt(b) || (keyOf(a) < keyOf(b) ? -1 : 1))

function isFull(limit: Freeze, next: Candidate, going: Candidate[]): boolean {
  const { perNamespace = Infinity, total = Infinity } = limit.spec.atOnce ?? {}
  const counted = going.filter((each) => covers(limit, each))
  const here = counted.filter(({ metadata }) => metadata.namespace === next.metadata.namespace)
  return counted.length >= total || here.length >= perNamespace
}

function queued(limit: Freeze, { metadata }: Candidate, before: Candidate[], now: number): Held {
  const ahead = before.filter((each) => covers(limit, each)).length
  const line = ahead === 0 ? 'it is the next in line' : `${ahead} ${ahead === 1 ? 'is' : 'are'} ahead of it`
  const sentence = `${metadata.name} waits for its turn: ${wordsOf(limit)}; ${line}`
  return { phase: 'Queued', sentence, untilMs: now + AGAIN_MS }
}

function wordsOf({ metadata, spec: { atOnce = {}, reason } }: Freeze): string {
  const { perNamespace, total } = atOnce
  const parts = [
    ...(perNamespace === undefined ? [] : [`${perNamespace} at once in a namespace`]),
    ...(total === undefined ? [] : [`${total} at once altogether`]),
  ]
  return `Freeze ${metadata.name} lets ${parts.join(' and ')} be released (${reason})`
}
