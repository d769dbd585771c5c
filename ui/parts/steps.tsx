import type { ReleaseView } from '../../api/views.ts'
import type { Step } from '../../crds/plan.ts'
import { standings, type Standing } from '../words/standings.ts'
import { moodOf } from '../words/states.ts'
import { stepWords } from '../words/steps.ts'
import { Icon, type IconName } from './icon.tsx'
import { Section } from './section.tsx'

/** The plan from the first step to the promotion, and where it is. */
export function Steps({ release, phase }: { release: ReleaseView; phase: string }) {
  const { plan, from } = release
  if (from === undefined || plan.steps.length === 0) return null
  const where = standings(release)
  return (
    <Section kind="steps" title="Plan">
      <ol>
        {plan.steps.map((step, index) => (
          <Stop
            key={index}
            standing={where[index] ?? 'ahead'}
            phase={phase}
            sign={SIGNS[step.kind]}
            {...stepWords(step)}
          />
        ))}
        <Stop standing={where.at(-1) ?? 'ahead'} phase={phase} sign="check" title="Promote" detail="100 %" />
      </ol>
    </Section>
  )
}

type StopProps = { standing: Standing; phase: string; sign: IconName; title: string; detail: string }

function Stop({ standing, phase, sign, title, detail }: StopProps) {
  const mood = moodOf(phase)
  const icon = standing === 'done' ? 'check' : standing === 'skipped' ? 'skip' : standing === 'failed' ? 'back' : sign
  return (
    <li
      class={`${standing} ${standing === 'now' ? mood.tone : ''}`}
      aria-current={standing === 'now' ? 'step' : undefined}
    >
      <i>
        <Icon name={icon} />
      </i>
      <span>
        <b>{title}</b> <span class="quiet">{detail}</span>
        {SAID[standing] && <span class="unseen"> ({SAID[standing]})</span>}
        {standing === 'now' && <em>{mood.word}</em>}
      </span>
    </li>
  )
}

const SAID: Record<Standing, string> = { done: 'done', now: 'now', ahead: '', skipped: 'skipped', failed: 'ended here' }

const SIGNS: Record<Step['kind'], IconName> = {
  setWeight: 'flow',
  analyze: 'scale',
  ramp: 'gauge',
  bake: 'gauge',
  pause: 'pause',
  approve: 'person',
  window: 'pause',
  scale: 'dot',
  preview: 'screen',
  mirror: 'split',
  match: 'split',
  fault: 'alert',
  webhook: 'hook',
  job: 'hook',
  abTest: 'split',
}
