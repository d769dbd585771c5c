import type { Plan, Step } from '../crds/plan.ts'
import type { Aside } from '../crds/traffic.ts'
import type { Run } from './run.ts'

/** What is beside the weights: pure, from the plan and from what stands already. */

type Known = Pick<Run, 'aside' | 'plan' | 'number' | 'canary'>

/** What the write of this weight carries. At 100 % there is nobody left whom a cohort or copies could bring. */
export function asideAt(run: Known, weight: number): Aside {
  const { match: _match, mirror: _mirror, ...rest } = run.aside
  const affinity = affinityAt(run, weight)
  return { ...(weight === 100 ? rest : run.aside), ...(affinity ? { affinity } : {}) }
}

/** The canary gets requests by it, although its weight may be 0. */
export const isInUse = ({ match, mirror, preview }: Aside): boolean =>
  match !== undefined || mirror !== undefined || preview !== undefined

/** May a route of this plan have anything beside its weights? */
export const hasAside = ({ steps, affinity }: Plan): boolean =>
  affinity !== undefined || steps.some(({ kind }) => BESIDE.has(kind))

export const BESIDE: ReadonlySet<Step['kind']> = new Set<Step['kind']>(['preview', 'mirror', 'match', 'fault'])

/** What the steps before this one have left standing. Clients of affinity keep what they were given. */
export function asideBefore({ aside, plan, canary }: Known, stepIndex: number): Aside {
  const { affinity } = aside
  let left: Aside = affinity ? { affinity } : {}
  for (const step of plan.steps.slice(0, stepIndex)) left = { ...left, ...lasting(step, canary) }
  return left
}

/** As `asideBefore`, where nobody remembers anything: the plan tells the weights that clients were asked at. */
export function asideRecalled(run: Known & Pick<Run, 'stepIndex' | 'weight'>): Aside {
  let known: Known = run
  const steps = run.weight === 0 ? [] : run.plan.steps.slice(0, run.stepIndex)
  const lower = steps.flatMap((step) => (step.kind === 'setWeight' && step.weight < run.weight ? step.weight : []))
  for (const weight of run.weight === 0 ? [] : [...lower, run.weight]) {
    const affinity = affinityAt(known, weight)
    if (affinity) known = { ...run, aside: { affinity } }
  }
  return { ...asideBefore(known, run.stepIndex), ...amongOf(run) }
}

/** An A/B test that was under way goes on with its users only. */
function amongOf({ plan, stepIndex, weight }: Pick<Run, 'plan' | 'stepIndex' | 'weight'>): Aside {
  const step = plan.steps[stepIndex]
  return weight > 0 && step?.kind === 'abTest' && step.cohort ? { among: step.cohort } : {}
}

/** At weight 0 nobody is asked. */
export function written({ affinity, ...rest }: Aside, weight: number): Aside {
  return weight > 0 && affinity ? { ...rest, affinity } : rest
}

/** What stays when the step has ended. */
function lasting(step: Step, canary: string): Aside {
  switch (step.kind) {
    case 'preview':
      return { canary, preview: { host: step.host } }
    case 'mirror':
      return step.forMs === undefined ? { canary, mirror: { percent: step.percent } } : {}
    case 'match':
      return { canary, match: step.cohort }
    default:
      return {}
  }
}

/**
 * One token per release. The weights are those that clients were asked at, rising: after a retreat the way up is the same
 * one, and who was given the canary has it again.
 */
function affinityAt({ aside, plan, number, canary }: Known, weight: number): Aside['affinity'] {
  if (!plan.affinity) return undefined
  const lower = (aside.affinity?.weights ?? []).filter((before) => before < weight)
  return { ...plan.affinity, token: `${number}-${canary}`, weights: [...lower, weight] }
}
