import type { ReleaseView } from '../../api/views.ts'
import { Story } from '../charts/story.tsx'
import { sentence } from '../words/figures.ts'
import { Evidence } from './evidence.tsx'
import { State } from './mood.tsx'
import { Provenance } from './provenance.tsx'
import { About } from './section.tsx'
import { Steps } from './steps.tsx'
import { Lasting } from './time.tsx'

type ComparisonProps = { releases: ReleaseView[]; phaseOf: (release: ReleaseView) => string }

/** Releases side by side: the same facts in the same places. */
export const Comparison = ({ releases, phaseOf }: ComparisonProps) => (
  <section class={`comparison of-${releases.length}`} aria-label="Comparison">
    {releases.map((one) => (
      <About.Provider key={one.number} value={`release ${one.number}`}>
        <article aria-labelledby={`release-${one.number}`}>
          <header>
            <h2 id={`release-${one.number}`}>Release {one.number}</h2>
            <State phase={phaseOf(one)} />
            {one.startedAt && (
              <span class="quiet">
                took <Lasting from={one.startedAt} to={one.endedAt} />
              </span>
            )}
          </header>
          <p class="says">{sentence(one.message ?? one.verdict?.sentence ?? 'Nothing is said')}</p>
          <Provenance release={one} />
          <Story release={one} />
          <Evidence release={one} told={one.message ?? ''} />
          <Steps release={one} phase={phaseOf(one)} />
        </article>
      </About.Provider>
    ))}
  </section>
)
