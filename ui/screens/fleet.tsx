import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { RolloutView } from '../../api/views.ts'
import { moveFocus, useKeys } from '../keys.ts'
import { fleet, type Fleet as FleetState } from '../live/fleet.ts'
import { useStore } from '../live/store.ts'
import { Filters } from '../parts/filters.tsx'
import { Notice } from '../parts/notice.tsx'
import { FleetRow } from '../parts/row.tsx'
import { Title } from '../parts/title.tsx'
import { address, refine } from '../place.ts'
import { fleetSentence, GROUP_WORDS, grouped, type Filter, type Groups } from '../words/fleet.ts'

const ALL: Filter = { text: '', namespace: '', state: '' }

/** Every Rollout; what needs a person first. */
export function Fleet() {
  const now = useStore(fleet)
  const filter = filterOf(useStore(address, ({ query }) => query))
  const search = useRef<HTMLInputElement>(null)
  useKeys({ j: () => moveFocus(1), k: () => moveFocus(-1), '/': () => search.current?.focus() })
  const all = useMemo(() => grouped(now.rollouts.values(), ALL), [now.rollouts])
  const shown = useMemo(
    () => (isAll(filter) ? all : grouped(now.rollouts.values(), filter)),
    [all, filter.text, filter.namespace, filter.state],
  )
  const most = useGrowing(now.rollouts.size)
  if (now.empty || now.refusal) return <Nothing now={now} />
  if (now.rollouts.size === 0)
    return (
      <Notice title="No Rollouts yet">
        None that you may see is in the cluster. Declare one, and it appears here.
      </Notice>
    )
  const waits = all.need.length
  return (
    <section class="fleet">
      <Title words={fleetSentence(all)} tab={waits > 0 ? `(${waits}) Fleet` : 'Fleet'} />
      <Filters filter={filter} rollouts={now.rollouts} groups={all} search={search} onChange={choose} />
      {Object.values(shown).every((group) => group.length === 0) && <Unfound />}
      {(Object.keys(GROUP_WORDS) as (keyof Groups)[]).map((name) => (
        <Group key={name} name={name} rollouts={shown[name]} most={most} />
      ))}
    </section>
  )
}

function Nothing({ now }: { now: FleetState }) {
  if (now.refusal) return <Notice title="The fleet cannot be shown">{now.refusal.sentence}</Notice>
  return now.link === 'lost' ? <Notice title="Sluice does not answer">It is asked again by itself.</Notice> : null
}

const Unfound = () => (
  <div class="buttons">
    <p class="quiet">Nothing fits.</p>
    <button type="button" onClick={() => choose(ALL)}>
      Show all
    </button>
  </div>
)

type GroupProps = { name: keyof Groups; rollouts: RolloutView[]; most: number }

const Group = ({ name, rollouts, most }: GroupProps) =>
  rollouts.length === 0 ? null : (
    <section class={`group ${name}`} aria-labelledby={`group-${name}`}>
      <h2 id={`group-${name}`}>
        {GROUP_WORDS[name]} <span class="quiet">{rollouts.length}</span>
      </h2>
      <ul>
        {rollouts.slice(0, most).map((one) => (
          <FleetRow key={one.key} one={one} group={name} />
        ))}
      </ul>
    </section>
  )

const ROWS_AT_ONCE = 60

/** How many rows of a group are drawn: a screenful at first, and soon all, so that nobody waits for those out of sight. */
function useGrowing(all: number): number {
  const [most, setMost] = useState(ROWS_AT_ONCE)
  useEffect(() => {
    if (most >= all) return undefined
    const timer = setTimeout(() => setMost(most + ROWS_AT_ONCE), 0)
    return () => clearTimeout(timer)
  }, [most, all])
  return most
}

const isAll = ({ text, namespace, state }: Filter): boolean => !text && !namespace && !state

function filterOf(query: string): Filter {
  const asked = new URLSearchParams(query)
  const state = asked.get('state') ?? ''
  return {
    text: asked.get('find') ?? '',
    namespace: asked.get('namespace') ?? '',
    state: state in GROUP_WORDS ? (state as keyof Groups) : '',
  }
}

function choose({ text, namespace, state }: Filter): void {
  const said = Object.entries({ find: text, namespace, state }).filter(([, value]) => value !== '')
  refine(new URLSearchParams(said))
}
