import type { RefObject } from 'preact'
import { useMemo } from 'preact/hooks'
import type { RolloutView } from '../../api/views.ts'
import { moveFocus } from '../keys.ts'
import { GROUP_WORDS, type Filter, type Groups } from '../words/fleet.ts'

type FiltersProps = {
  filter: Filter
  rollouts: ReadonlyMap<string, RolloutView>
  groups: Groups
  search: RefObject<HTMLInputElement | null>
  onChange: (filter: Filter) => void
}

export const Filters = ({ filter, rollouts, groups, search, onChange }: FiltersProps) => (
  <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
    <label>
      <span class="unseen">Find by name, image, commit or author</span>
      <input
        ref={search}
        type="search"
        placeholder="Find by name, image, author…  ( / )"
        value={filter.text}
        onInput={(event) => onChange({ ...filter, text: event.currentTarget.value })}
        onKeyDown={(event) => leave(event)}
      />
    </label>
    <Namespaces filter={filter} rollouts={rollouts} onChange={onChange} />
    <fieldset>
      <legend class="unseen">State</legend>
      {(['', ...Object.keys(GROUP_WORDS)] as Filter['state'][]).map((state) => (
        <label key={state} class="choice">
          <input
            type="radio"
            name="state"
            checked={filter.state === state}
            onChange={() => onChange({ ...filter, state })}
          />
          <span>
            {state === '' ? 'All' : GROUP_WORDS[state]}
            {state !== '' && <b>{groups[state].length}</b>}
          </span>
        </label>
      ))}
    </fieldset>
  </form>
)

/** Enter goes to what was found; Escape empties the field, as everywhere, and leaves it. */
function leave({ key, currentTarget }: KeyboardEvent & { currentTarget: HTMLElement }): void {
  if (key !== 'Enter' && key !== 'Escape') return
  currentTarget.blur()
  if (key === 'Enter') moveFocus(1)
}

function Namespaces({ filter, rollouts, onChange }: Pick<FiltersProps, 'filter' | 'rollouts' | 'onChange'>) {
  const names = useMemo(
    () => [...new Set([...rollouts.values()].map(({ namespace }) => namespace))].toSorted(),
    [rollouts],
  )
  return (
    <label>
      <span class="unseen">Namespace</span>
      <select
        value={filter.namespace}
        onChange={(event) => onChange({ ...filter, namespace: event.currentTarget.value })}
      >
        <option value="">All namespaces</option>
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}
