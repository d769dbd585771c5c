import { useMemo } from 'preact/hooks'
import type { RolloutView } from '../../api/views.ts'
import { releaseHref } from '../place.ts'
import type { Groups } from '../words/fleet.ts'
import { shortImage } from '../words/images.ts'
import { needWords } from '../words/states.ts'
import { local } from '../words/times.ts'
import { Flow } from './flow.tsx'
import { Revision, State } from './mood.tsx'
import { Ago } from './time.tsx'

type RowProps = { one: RolloutView; group: keyof Groups }

/** One Rollout of the fleet, drawn again only when it is another object. */
export const FleetRow = ({ one, group }: RowProps) =>
  useMemo(() => (group === 'rest' ? <AtRest one={one} /> : <UnderWay one={one} />), [one, group])

const UnderWay = ({ one }: { one: RolloutView }) => (
  <li class="row">
    <a data-row href={releaseHref(one)}>
      <span class="who">
        <strong>{one.name}</strong> <span class="quiet">{one.namespace}</span>
      </span>
      <State phase={one.phase} />
      <span class="says">{local(one.message)}</span>
      <Way one={one} />
      <span class="since quiet">
        {one.need && <b class="need">{needWords(one, one.need)}</b>}
        <Ago at={one.since} />
      </span>
    </a>
  </li>
)

const AtRest = ({ one }: { one: RolloutView }) => (
  <li class="row resting">
    <a data-row href={releaseHref(one)}>
      <span class="who">
        <strong>{one.name}</strong> <span class="quiet">{one.namespace}</span>
      </span>
      <State phase={one.phase} />
      <span class="says image">{one.images.map(shortImage).join(', ')}</span>
      <Revision name={one.stable} />
      <span class="since quiet">
        <Ago at={one.since} />
      </span>
    </a>
  </li>
)

const Way = ({ one: { canary, stable, weight, step } }: { one: RolloutView }) =>
  canary === undefined ? (
    <span class="way">
      <span class="quiet">
        <Revision name={stable} /> serves
      </span>
    </span>
  ) : (
    <span class="way">
      <Flow weight={weight} />
      <span class="quiet">
        {weight} %{step && ` · step ${step}`}
      </span>
    </span>
  )
