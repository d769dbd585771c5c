import { formatDuration } from '../../crds/duration.ts'
import type { Step } from '../../crds/plan.ts'
import { windowWords } from '../../crds/windows.ts'

/** A step of a plan in two parts: what it is, and how much of it. */
export type StepWords = { title: string; detail: string }

export function stepWords(step: Step): StepWords {
  switch (step.kind) {
    case 'setWeight':
      return { title: `${step.weight} %`, detail: 'of the traffic' }
    case 'analyze':
      return { title: 'Analyse', detail: formatDuration(step.forMs) }
    case 'approve':
      return { title: 'Gate', detail: [step.name, ...quorum(step.terms?.minimum)].join(', ') }
    case 'window':
      return { title: 'Window', detail: windowWords(step.allow) }
    case 'ramp':
      return { title: 'Ramp', detail: `by evidence to ${step.ladder.at(-1) ?? 100} %` }
    case 'bake':
      return { title: 'Bake', detail: formatDuration(step.forMs) }
    case 'pause':
      return { title: 'Pause', detail: step.forMs === undefined ? 'until resumed' : formatDuration(step.forMs) }
    case 'webhook':
      return { title: 'Webhook', detail: hostOf(step.url) }
    case 'job':
      return { title: 'Job', detail: `at most ${formatDuration(step.timeoutMs)}` }
    default:
      return asideWords(step)
  }
}

type AsideStep = Extract<Step, { kind: 'scale' | 'preview' | 'mirror' | 'match' | 'fault' | 'abTest' }>

function asideWords(step: AsideStep): StepWords {
  switch (step.kind) {
    case 'scale':
      return { title: 'Scale', detail: `${step.percent} % of the pods` }
    case 'preview':
      return { title: 'Preview', detail: step.host }
    case 'mirror':
      return { title: 'Mirror', detail: [`${step.percent} %`, lasting(step.forMs)].join(' ').trim() }
    case 'match':
      return { title: 'Cohort', detail: step.cohort.length === 1 ? 'one rule' : `${step.cohort.length} rules` }
    case 'fault':
      return { title: 'Fault', detail: `${step.fault.percent} % of the cohort for ${formatDuration(step.forMs)}` }
    case 'abTest':
      return { title: 'A/B test', detail: `${step.percent} %, at most ${formatDuration(step.maxDurationMs)}` }
    default:
      // A newer engine knows steps that an older page does not.
      return { title: (step as { kind: string }).kind, detail: '' }
  }
}

const quorum = (minimum = 1): string[] => (minimum > 1 ? [`${minimum} approvals`] : [])

const lasting = (ms: number | undefined): string => (ms === undefined ? '' : `for ${formatDuration(ms)}`)

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url)
