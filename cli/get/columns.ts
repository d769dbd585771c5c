import type { Rollout } from '../../crds/schema/rollout.ts'
import { age, table } from '../render.ts'
import type { Terminal } from '../terminal.ts'
import { moodOf, phaseOf, stallOf } from '../words.ts'

export type Shown = { allNamespaces: boolean; wide: boolean }

/** How releases ended, by `namespace/rollout/number`. */
export type Outcomes = Map<string, string>

/** One line per Rollout below a line of titles. */
export function rolloutTable(rollouts: Rollout[], shown: Shown, setting: Setting): string[] {
  const columns = COLUMNS.filter(({ when }) => !when || when(shown))
  return table(
    columns.map(({ title }) => title),
    rollouts.map((rollout) => columns.map(({ cell }) => cell(rollout, setting))),
  )
}

type Setting = Pick<Terminal, 'colors' | 'now'> & { outcomes: Outcomes }

type Column = {
  title: string
  cell: (rollout: Rollout, setting: Setting) => string
  when?: (shown: Shown) => boolean
}

const COLUMNS: Column[] = [
  { title: 'NAMESPACE', cell: ({ metadata }) => metadata.namespace ?? '', when: (shown) => shown.allNamespaces },
  { title: 'NAME', cell: ({ metadata }) => metadata.name },
  {
    title: 'STATUS',
    cell: ({ status }, { colors }) => {
      const phase = phaseOf(status)
      return moodOf(phase).paint(colors)(phase)
    },
  },
  { title: 'STEP', cell: ({ status }) => status?.step ?? '' },
  { title: 'WEIGHT', cell: ({ status }) => (status?.canary === undefined ? '' : `${status.weight ?? 0} %`) },
  { title: 'STABLE', cell: ({ status }) => status?.stable ?? '' },
  { title: 'CANARY', cell: ({ status }) => status?.canary ?? '' },
  { title: 'GATE', cell: ({ status }) => status?.gate ?? '' },
  { title: 'LAST', cell: (rollout, { outcomes }) => lastWords(rollout, outcomes), when: ({ wide }) => wide },
  { title: 'AGE', cell: ({ metadata }, { now }) => age(metadata.creationTimestamp, now()) },
  {
    title: 'MESSAGE',
    cell: ({ status }) => stallOf(status)?.message ?? status?.message ?? '',
    when: ({ wide }) => wide,
  },
]

/** The outcome is the Release's, which is final; the Rollout's own record serves where that was deleted. */
function lastWords({ metadata, status }: Rollout, outcomes: Outcomes): string {
  const last = status?.lastRelease
  if (!last) return ''
  return `${last.number} ${outcomes.get(`${metadata.namespace}/${metadata.name}/${last.number}`) ?? last.outcome}`
}
