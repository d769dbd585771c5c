import type { DecisionView, TimelineView } from '../../api/views.ts'
import { DEEDS } from '../words/deeds.ts'
import { local } from '../words/times.ts'
import { Icon } from './icon.tsx'
import { Section } from './section.tsx'
import { At } from './time.tsx'

type Entry = { at: string; what: string; why: string; detail?: string | undefined; by?: string; tone?: string }

/** The release as a diary: when, what, why, and who. Newest first. */
export function Record({ timeline, decisions }: { timeline: TimelineView[]; decisions: DecisionView[] }) {
  const entries = [...timeline.map(happened), ...decisions.map(decided)].toSorted((one, other) =>
    other.at.localeCompare(one.at),
  )
  return (
    <Section kind="card record" title="What happened, and who decided">
      {entries.length === 0 && <p class="quiet">Nothing yet.</p>}
      <ol class="entries">
        {entries.map((entry, index) => (
          <Line key={`${entry.at} ${entry.what} ${index}`} {...entry} />
        ))}
      </ol>
    </Section>
  )
}

const Line = ({ at, what, why, detail, by, tone }: Entry) => (
  <li class={tone}>
    <At at={at} />
    <span>
      <b>
        {by !== undefined && <Icon name="person" />}
        {what}
      </b>{' '}
      {why}
      {detail && (
        <details>
          <summary>What was written</summary>
          <pre>{detail}</pre>
        </details>
      )}
    </span>
  </li>
)

function happened({ at, event, message, detail }: TimelineView): Entry {
  const what = event.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return {
    at,
    what,
    why: local(withoutStart(message.replace(/^Release \d+: /, ''), what)),
    detail,
    tone: /^(RolledBack|Aborted|RollbackBlocked)$/.test(event) ? 'warning' : '',
  }
}

/** `Paused: Paused at 25 %` says it twice. */
const withoutStart = (words: string, what: string): string =>
  words.startsWith(what) ? words.slice(what.length).replace(/^:? /, '') : words

function decided({ at, by, action, gate, reason, outcome, message }: DecisionView): Entry {
  const verb = action === 'eject' ? 'Eject' : DEEDS[action].verb
  const answer = outcome === undefined ? 'not answered yet' : [outcome, message].filter(Boolean).join(': ')
  return {
    at,
    by,
    what: `${by}: ${verb.toLowerCase()}${gate === undefined ? '' : ` ${gate}`}`,
    why: [reason && `“${reason}”`, `(${answer})`].filter(Boolean).join(' '),
    tone: outcome === 'Refused' ? 'warning person' : 'person',
  }
}
