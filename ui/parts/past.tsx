import type { ReleaseView } from '../../api/views.ts'
import { local } from '../words/times.ts'
import { State } from './mood.tsx'
import { Ago, Lasting } from './time.tsx'

type PastProps = {
  releases: ReleaseView[]
  phaseOf: (release: ReleaseView) => string
  chosen: number[]
  onChoose: (number: number) => void
}

/** One line per release, newest first; ticked ones are compared. */
export const Past = ({ releases, phaseOf, chosen, onChoose }: PastProps) => (
  <section class="past" aria-label="Releases">
    {releases.length > 0 && <p class="quiet">{hint(chosen.toSorted((one, other) => one - other))}</p>}
    <ol>
      {releases.map((one) => (
        <li key={one.number} class={chosen.includes(one.number) ? 'chosen' : ''}>
          <label>
            <input type="checkbox" checked={chosen.includes(one.number)} onChange={() => onChoose(one.number)} />
            <span class="number">{one.number}</span>
            <State phase={phaseOf(one)} />
            <span class="says">
              {local(one.message ?? one.verdict?.sentence ?? '')}
              <ByWhom {...one.provenance} />
            </span>
            <span class="quiet since">
              {one.startedAt && <Ago at={one.startedAt} />}
              {one.startedAt && (
                <span>
                  took <Lasting from={one.startedAt} to={one.endedAt} />
                </span>
              )}
            </span>
          </label>
        </li>
      ))}
    </ol>
  </section>
)

function hint([one, other]: number[]): string {
  if (one === undefined) return 'Tick one to read it, two to compare them.'
  if (other === undefined) return `Release ${one} is below. Tick another to compare.`
  return `Releases ${one} and ${other} are compared below.`
}

const ByWhom = ({ commit, author, message, images }: ReleaseView['provenance']) => (
  <span class="quiet by">
    {commit && (
      <>
        <code>{commit.slice(0, 10)}</code>{' '}
      </>
    )}
    {author && `by ${author}: `}
    {message?.split('\n')[0] ?? images.join(', ')}
  </span>
)
