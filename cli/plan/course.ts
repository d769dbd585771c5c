import { ENOUGH_REQUESTS } from '../../analysis/checks.ts'
import { REACTION_SECONDS } from '../../analysis/levels.ts'
import { firstRung, LEAST_REQUESTS, LEAST_ROWS, topOf } from '../../analysis/ramp.ts'
import { firstLoad, podsFor } from '../../crds/capacity.ts'
import { formatDuration, parseDuration } from '../../crds/duration.ts'
import type { Plan, Step, Webhook } from '../../crds/plan.ts'
import { windowWords } from '../../crds/windows.ts'
import type { Policy } from '../../crds/policy.ts'
import { stepWords } from '../words.ts'
import type { Declared } from './rollouts.ts'

/** One step of a plan as it will be: what it changes, how long it takes at least, and what it waits for besides. */
export type Leg = {
  step: string
  /** Percent of the requests when it ends. */
  weight: number
  /** Where a ramp begins, in percent. */
  firstWeight?: number
  pods: { stable: number; canary: number }
  /** Milliseconds that go by on the clock, however good everything is. */
  leastMs: number
  waitsFor: string[]
}

/** Assumed about the world: requests per second of the whole service. */
export type Traffic = { rate: number }

/** The first pods, which every step finds ready; the steps in order; and the promotion that follows them. */
export function courseOf({ plan, policy, spec }: Declared, traffic: Traffic): Leg[] {
  const state: State = { weight: 0, mirrored: 0, canary: 0, isFresh: false }
  const known: Known = { policy, traffic, replicas: spec.replicas, settleMs: parseDuration(spec.router.settle), plan }
  const first = grow(state, known, podsFor(firstLoad(plan.steps), spec.replicas))
  const preparation: Leg = { ...standing('prepare', state, known), ...first }
  const legs = plan.steps.map((step) => legOf(step, state, known))
  const last = move(state, known, 100)
  return [preparation, ...legs, { ...standing('promote', state, known), ...last }]
}

/** `isFresh`: pods were added since requests were last analysed. */
type State = { weight: number; mirrored: number; canary: number; isFresh: boolean }
type Known = { policy: Policy; traffic: Traffic; replicas: number; settleMs: number; plan: Plan }
type Time = Pick<Leg, 'leastMs' | 'waitsFor'>

function legOf(step: Step, state: State, known: Known): Leg {
  const time = timeOf(step, state, known)
  return { ...standing(stepWords(step), state, known), ...time }
}

const standing = (step: string, { weight, canary }: State, { replicas }: Known): Omit<Leg, keyof Time> => ({
  step,
  weight,
  pods: { stable: replicas, canary },
})

/** Whose approvals a gate counts. */
function whoOpens({ terms, callback }: Extract<Step, { kind: 'approve' }>): string {
  const { minimum = 1, groups = [], notBy } = terms ?? {}
  const people = minimum === 1 ? 'a person' : `${minimum} people`
  const of = groups.length > 0 ? ` of ${groups.join(' or ')}` : ''
  return `${people}${of}${notBy ? ', not its author' : ''}${callback ? ' or its callback' : ''}`
}

/** Changes the state as the step does. */
function timeOf(step: Step, state: State, known: Known): Time & Pick<Leg, 'firstWeight'> {
  switch (step.kind) {
    case 'setWeight':
      return move(state, known, step.weight)
    case 'ramp':
      return climb(step.ladder, state, known)
    case 'analyze':
    case 'bake':
      return prove(step.forMs, state, known)
    case 'pause':
      return step.forMs === undefined ? waiting('a person (resume)') : lasting(step.forMs)
    case 'approve':
      return waiting(`${whoOpens(step)} (approve within ${formatDuration(step.expiresAfterMs)})`)
    case 'window':
      return waiting(`the window ${windowWords(step.allow)}`)
    case 'webhook':
      return waiting(`a 2xx (at most ${formatDuration(askingMs(step))})`)
    case 'job':
      return waiting(`its exit code (at most ${formatDuration(step.timeoutMs)})`)
    case 'abTest': {
      const people = step.then === 'ask' ? ['a person (if undecided)'] : []
      const time = move(state, known, step.percent)
      return {
        ...time,
        waitsFor: [...time.waitsFor, `evidence (at most ${formatDuration(step.maxDurationMs)})`, ...people],
      }
    }
    default:
      return beside(step, state, known)
  }
}

type Beside = Extract<Step, { kind: 'scale' | 'preview' | 'mirror' | 'match' | 'fault' }>

function beside(step: Beside, state: State, known: Known): Time {
  if (step.kind === 'scale') return grow(state, known, podsFor(step.percent, known.replicas))
  if (step.kind === 'fault') return lasting(step.forMs)
  if (step.kind !== 'mirror') return grow(state, known, podsFor(state.weight + state.mirrored, known.replicas))
  if (step.forMs === undefined) state.mirrored = step.percent
  const pods = grow(state, known, podsFor(Math.min(100, state.weight + step.percent), known.replicas))
  return { ...pods, leastMs: pods.leastMs + (step.forMs ?? 0) }
}

function move(state: State, known: Known, weight: number): Time {
  state.weight = weight
  return grow(state, known, podsFor(Math.min(100, weight + state.mirrored), known.replicas))
}

/** Pods first, then the weight; that the proxies know them takes `settle`. */
function grow(state: State, { settleMs }: Known, pods: number): Time {
  if (pods <= state.canary) return lasting(0)
  state.canary = pods
  state.isFresh = true
  return { leastMs: settleMs, waitsFor: ['pods'] }
}

/** Whole rows with data and enough requests; by the clock where verdicts do not decide. */
function prove(forMs: number, state: State, { policy, traffic }: Known): Time {
  if (policy.metrics.length === 0 || policy.mode === 'observe') return lasting(forMs)
  const rowMs = policy.interval * 1_000
  const covered = Math.ceil(forMs / rowMs) * rowMs
  const enough = secondsFor(ENOUGH_REQUESTS, state.weight, traffic) * 1_000
  const warming = state.isFresh ? policy.warmUp * 1_000 : 0
  state.isFresh = false
  return { leastMs: warming + Math.max(covered, enough), waitsFor: ['data'] }
}

/** The fewest rungs there can be: the first one that the budget bears, and the last. */
function climb(ladder: number[], state: State, known: Known): Time & Pick<Leg, 'firstWeight'> {
  const { policy, traffic } = known
  const first = firstRung({ policy, before: { rate: traffic.rate } })
  const top = topOf(ladder)
  const { leastMs } = move(state, known, top)
  const atRung = Math.max(REACTION_SECONDS, LEAST_ROWS * policy.interval, secondsFor(LEAST_REQUESTS, first, traffic))
  const atTop = Math.max(REACTION_SECONDS, LEAST_ROWS * policy.interval, policy.ramp?.dwell ?? 0)
  const seconds = (first < top ? atRung : 0) + atTop
  return {
    firstWeight: first,
    leastMs: leastMs + seconds * 1_000,
    waitsFor: ['pods', `evidence (at most ${formatDuration(policy.deadline * 1_000)} of data)`],
  }
}

/** Every attempt takes its whole time; one second between the first two, then twice as long, at most 30 (docs/hooks.md). */
const askingMs = ({ timeoutMs, retries }: Webhook): number =>
  Array.from({ length: retries }, (_, i) => 1_000 * Math.min(30, 2 ** i)).reduce(
    (sum, pause) => sum + pause + timeoutMs,
    timeoutMs,
  )

const secondsFor = (requests: number, weight: number, { rate }: Traffic): number =>
  weight === 0 ? 0 : requests / ((rate * weight) / 100)

const lasting = (leastMs: number): Time => ({ leastMs, waitsFor: [] })
const waiting = (what: string): Time => ({ leastMs: 0, waitsFor: [what] })
