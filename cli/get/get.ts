import { RELEASES } from '../../crds/resources.ts'
import type { Release } from '../../crds/schema/release.ts'
import { reach, findRollouts, type Access, type AccessOptions } from '../access.ts'
import { rolloutTable, type Outcomes } from './columns.ts'
import { written, withoutManagedFields } from '../objects.ts'
import type { Terminal } from '../terminal.ts'

export type GetOptions = AccessOptions & {
  allNamespaces?: boolean
  output?: 'wide' | 'json' | 'yaml'
  watch?: boolean
}

/**
 * `sluice get [NAME]`: one line per Rollout, or the objects themselves; with `watch` until somebody interrupts it. Throws
 * `Refusal` when there is none of that name.
 */
export async function get(name: string | undefined, options: GetOptions, terminal: Terminal): Promise<number> {
  if (options.watch) {
    const { watchRollouts } = await import('./fleet.ts')
    return watchRollouts(name, options, terminal)
  }
  const access = reach(options)
  const { output, allNamespaces = false } = options
  const rollouts = await findRollouts(access, { name, allNamespaces })
  if (output === 'json' || output === 'yaml') {
    const shown = rollouts.map(withoutManagedFields)
    const what = name === undefined || allNamespaces ? { apiVersion: 'v1', kind: 'List', items: shown } : shown[0]
    terminal.print(await written(what, output))
    return 0
  }
  if (rollouts.length === 0) {
    terminal.complain(`${nothing(allNamespaces, access.namespace)}\n`)
    return 0
  }
  const wide = output === 'wide'
  const outcomes = wide ? await outcomesIn(access, allNamespaces) : new Map<string, string>()
  terminal.print(`${rolloutTable(rollouts, { allNamespaces, wide }, { ...terminal, outcomes }).join('\n')}\n`)
  return 0
}

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
