import { RELEASES, ROLLOUTS } from '../crds/resources.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { needRollout, reach, type Access, type AccessOptions } from './access.ts'
import { age, table } from './render.ts'
import type { Terminal } from './terminal.ts'
import { moodOf, phaseOf, stallOf } from './words.ts'

export type GetOptions = AccessOptions & { allNamespaces?: boolean; output?: 'wide' | 'json' | 'yaml' }

/** `sluice get [NAME]`: one line per Rollout, or the objects themselves. */
export async function get(name: string | undefined, options: GetOptions, terminal: Terminal): Promise<void> {
  const access = reach(options)
  const { output, allNamespaces = false } = options
  const rollouts = name === undefined ? await all(access, allNamespaces) : [await needRollout(access, name)]
  if (output === 'json' || output === 'yaml') {
    const shown = rollouts.map(withoutManagedFields)
    const what = name === undefined ? { apiVersion: 'v1', kind: 'List', items: shown } : shown[0]
    return terminal.print(output === 'json' ? `${JSON.stringify(what, undefined, 2)}\n` : await asYaml(what))
  }
  if (rollouts.length === 0) return terminal.complain(`${nothing(allNamespaces, access.namespace)}\n`)
  const wide = output === 'wide'
  const columns = COLUMNS.filter((column) => !column.when || column.when({ allNamespaces, wide }))
  const setting = { ...terminal, outcomes: wide ? await outcomesIn(access, allNamespaces) : new Map<string, string>() }
  const rows = rollouts.map((rollout) => columns.map((column) => column.cell(rollout, setting)))
  terminal.print(
    `${table(
      columns.map((column) => column.title),
      rows,
    ).join('\n')}\n`,
  )
}

async function all({ kube, namespace }: Access, allNamespaces: boolean): Promise<Rollout[]> {
  return (await kube.list<Rollout>(ROLLOUTS, allNamespaces ? {} : { namespace })).items
}

type Column = {
  title: string
  cell: (rollout: Rollout, setting: Terminal & { outcomes: Outcomes }) => string
  when?: (shown: { allNamespaces: boolean; wide: boolean }) => boolean
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

/** By `namespace/rollout/number`. */
type Outcomes = Map<string, string>

async function outcomesIn({ kube, namespace }: Access, everywhere: boolean): Promise<Outcomes> {
  const { items } = await kube.list<Release>(RELEASES, everywhere ? {} : { namespace })
  return new Map(
    items.flatMap(({ metadata, spec, status }): [string, string][] =>
      status?.outcome ? [[`${metadata.namespace}/${spec.rollout}/${spec.number}`, status.outcome]] : [],
    ),
  )
}

const nothing = (allNamespaces: boolean, namespace: string): string =>
  allNamespaces
    ? 'There is no Rollout in this cluster.'
    : `There is no Rollout in namespace ${namespace}; -n NAMESPACE looks elsewhere, -A everywhere.`

/** What no person wants to read. */
function withoutManagedFields(rollout: Rollout): Rollout {
  const { managedFields: _, ...metadata } = rollout.metadata
  return { ...rollout, metadata }
}

async function asYaml(what: unknown): Promise<string> {
  const { stringify } = await import('yaml')
  return stringify(what)
}
