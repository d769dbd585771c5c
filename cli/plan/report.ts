import { formatDuration } from '../../crds/duration.ts'
import { integer, table, wrap } from '../render.ts'
import type { Terminal } from '../terminal.ts'
import { courseOf, type Leg } from './course.ts'
import { damageOf, type World } from './damage.ts'
import type { Declared } from './rollouts.ts'
import { exceptionsOf } from './exceptions.ts'

/** What is foreseen for one Rollout, for machines. */
export type Foreseen = {
  name: string
  namespace?: string
  steps: (Leg & { failedIfAllFail?: number })[]
  /** Milliseconds, without what is waited for. */
  leastMs: number
  mostPods: number
  failed: { rate: number; scrapeSeconds: number; atMost?: number; except: string[] }
}

export function foresee(declared: Declared, world: World): Foreseen {
  const legs = courseOf(declared, world)
  const { allFrom, ofAny } = damageOf(declared.policy, world)
  const shared = legs.flatMap(({ weight }) => (weight < 100 ? [weight] : []))
  const atMost = shared.some((weight) => weight > 0) ? ofAny(Math.max(...shared)) : undefined
  const steps = legs.map((leg, index) => {
    const before = legs[index - 1]?.weight ?? 0
    const failed = leg.weight > before && index < legs.length - 1 ? allFrom(leg.firstWeight ?? leg.weight) : undefined
    return failed === undefined ? leg : { ...leg, failedIfAllFail: failed }
  })
  return {
    name: declared.name,
    ...(declared.namespace === undefined ? {} : { namespace: declared.namespace }),
    steps,
    leastMs: legs.reduce((sum, { leastMs }) => sum + leastMs, 0),
    mostPods: Math.max(...legs.map(({ pods }) => pods.stable + pods.canary)),
    failed: {
      rate: world.rate,
      scrapeSeconds: world.scrape,
      ...(atMost === undefined ? {} : { atMost }),
      except: exceptionsOf(declared),
    },
  }
}

/** The same for people. */
export function told(declared: Declared, foreseen: Foreseen, { colors, screen }: Terminal): string[] {
  const width = screen?.columns ?? 120
  const place = foreseen.namespace === undefined ? '' : ` in ${foreseen.namespace}`
  const paragraphs = [
    durationWords(foreseen),
    podsWords(declared, foreseen),
    failedWords(foreseen),
    ...foreseen.failed.except.map((exception) => `Not counted: ${exception}.`),
  ]
  return [
    colors.bold(`${foreseen.name}${place}: ${strategyOf(declared)}`),
    '',
    ...stepTable(foreseen),
    '',
    ...paragraphs.flatMap((text) => wrap(text, width, '  ')),
  ]
}

function strategyOf({ spec: { strategy }, plan }: Declared): string {
  const count = `${plan.steps.length} ${plan.steps.length === 1 ? 'step' : 'steps'} and the promotion`
  const kept = plan.affinity ? `, clients stay by the cookie ${plan.affinity.cookie}` : ''
  if (strategy.blueGreen) return `blue-green, ${count}`
  if (strategy.abTest) return `A/B test${kept}, ${count}`
  return `canary${strategy.canary?.ramp ? ' by evidence' : ''}${kept}, ${count}`
}

function stepTable({ steps }: Foreseen): string[] {
  const hasFigures = steps.some(({ failedIfAllFail }) => failedIfAllFail !== undefined)
  const rows = steps.map(({ step, weight, pods, leastMs, waitsFor, failedIfAllFail }, index) => [
    index === 0 || index === steps.length - 1 ? '' : `${index}`,
    step,
    `${weight} %`,
    `${pods.stable}+${pods.canary}`,
    leastMs === 0 ? '' : formatDuration(leastMs),
    waitsFor.join(', '),
    ...(hasFigures ? [failedIfAllFail === undefined ? '' : integer(failedIfAllFail)] : []),
  ])
  const header = ['', 'STEP', 'WEIGHT', 'PODS', 'AT LEAST', 'WAITS FOR', ...(hasFigures ? ['FAILED IF ALL FAIL'] : [])]
  return table(header, rows)
}

function durationWords({ steps, leastMs }: Foreseen): string {
  const waits = [...new Set(steps.flatMap(({ waitsFor }) => waitsFor.map((what) => what.split(' (')[0] ?? what)))]
  const besides = waits.length === 0 ? '' : `, and what is waited for: ${waits.join(', ')}`
  return `Duration: at least ${leastMs === 0 ? 'no time' : formatDuration(leastMs)} by the clock${besides}.`
}

function podsWords({ spec }: Declared, { mostPods }: Foreseen): string {
  return `Pods: ${mostPods} at most, stable's ${spec.replicas} included; they stay for ${spec.scaleDownDelay} after the promotion, and that long going back is one write.`
}

function failedWords({ steps, failed: { rate, scrapeSeconds, atMost } }: Foreseen): string {
  const world = `at ${integer(rate)} requests/s and a scrape every ${formatDuration(scrapeSeconds * 1_000)} (--rate, --scrape), while Prometheus answers and stable is well`
  const first = steps.find(({ failedIfAllFail }) => failedIfAllFail !== undefined)
  if (first?.failedIfAllFail === undefined) return 'Failed requests: nothing counts them, so nothing bounds them.'
  const begin = `a version that fails everything costs at most ${integer(first.failedIfAllFail)}`
  const any =
    atMost === undefined ? '' : `; any version below 100 % at most ${integer(atMost)} more than stable would have`
  return `Failed requests, ${world}: ${begin}${any}.`
}
