import type { EventView } from '../../api/views.ts'
import { local } from '../words/times.ts'
import { Icon } from './icon.tsx'
import { At } from './time.tsx'
import { Section } from './section.tsx'

/** What Kubernetes was told. */
export const Events = ({ events }: { events: EventView[] }) => (
  <Section kind="card events" title="Events">
    {events.length === 0 && <p class="quiet">None is kept; Kubernetes keeps them for an hour.</p>}
    <ul class="entries">
      {events.map(({ at, type, reason, message, count }) => (
        <li key={`${at} ${reason} ${message}`} class={type === 'Warning' ? 'warning' : ''}>
          <At at={at} />
          <span>
            <b>
              {type === 'Warning' && <Icon name="alert" />}
              {reason}
              {count > 1 && ` × ${count}`}
            </b>{' '}
            {local(message)}
          </span>
        </li>
      ))}
    </ul>
  </Section>
)
