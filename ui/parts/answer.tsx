import type { ReleasePage } from '../../api/views.ts'
import type { Explanation, MetricEvidence } from '../../crds/verdict.ts'
import { badOf, odds, sentence } from '../words/figures.ts'
import { todoOf } from '../words/deeds.ts'
import { Actions } from './actions.tsx'
import { Flow } from './flow.tsx'
import { Revision, State } from './mood.tsx'
import { Ago, Lasting } from './time.tsx'
import { Title } from './title.tsx'
import { Section } from './section.tsx'

/** What is happening, why, and what one has to do. */
export const Answer = ({ page, stale }: { page: ReleasePage; stale: boolean }) => (
  <header class="answer">
    <Standing page={page} />
    <Title words={sentence(page.rollout.message || 'Nothing is said yet')} tab={page.rollout.name} />
    <Division page={page} />
    <div class="pair">
      <Section title="Why">
        <p>{whyOf(page)}</p>
      </Section>
      <Section kind={isAsked(page) ? 'todo asked' : 'todo'} title="What you have to do">
        <p>{todoOf(page)}</p>
        <Actions page={page} stale={stale} />
      </Section>
    </div>
  </header>
)

const isAsked = ({ rollout: { need }, may, whyNot }: ReleasePage): boolean =>
  need !== undefined && !(need === 'approve' && (may.approve === false || whyNot !== undefined))

const Standing = ({ page: { rollout, release } }: { page: ReleasePage }) => (
  <p class="standing">
    <State phase={rollout.phase} />
    {rollout.release !== undefined && <span>Release {rollout.release}</span>}
    {rollout.step && <span>Step {rollout.step}</span>}
    {release?.startedAt && (
      <span>
        {release.endedAt ? (
          <>
            ended <Ago at={release.endedAt} /> after <Lasting from={release.startedAt} to={release.endedAt} />
          </>
        ) : (
          <>
            began <Ago at={release.startedAt} />
          </>
        )}
      </span>
    )}
  </p>
)

function Division({ page: { rollout, release } }: { page: ReleasePage }) {
  const running = rollout.canary !== undefined && release?.outcome === undefined
  if (!running) {
    return (
      <p class="division quiet">
        Revision <Revision name={rollout.stable} of="stable" /> serves everything.
      </p>
    )
  }
  return (
    <div class="division">
      <span>
        <Revision name={rollout.stable} of="stable" /> stable <b>{100 - rollout.weight} %</b>
      </span>
      <Flow weight={rollout.weight} />
      <span>
        <b>{rollout.weight} %</b> canary <Revision name={rollout.canary} of="canary" />
      </span>
    </div>
  )
}

/** The verdict, where the first line does not say it already; then the figures behind it; else what happened last. */
function whyOf({ rollout, release }: ReleasePage): string {
  const verdict = release?.verdict
  if (verdict && !rollout.message.includes(verdict.sentence.replace(/\.$/, ''))) return sentence(verdict.sentence)
  const loudest = verdict?.metrics.toSorted((one, other) => other.lnE - one.lnE)[0]
  if (verdict && loudest) return figuresOf(verdict, loudest)
  const last = release?.timeline.findLast(({ message }) => !message.includes(rollout.message))
  if (last) return sentence(last.message.replace(/^Release \d+: /, ''))
  if (!release) return 'There has been no release yet.'
  return release.outcome === undefined ? 'Nothing has been compared yet.' : 'No metric was compared in this release.'
}

const figuresOf = ({ lnE, lnThreshold }: Explanation, { name, n, x }: MetricEvidence): string =>
  `${name}: canary ${badOf([n[0], x[0]])}, stable ${badOf([n[1], x[1]])}. The evidence that the canary is worse is ${odds(lnE)}; ${odds(lnThreshold)} rolls back.`
