import { ROLLOUTS } from '../../crds/resources.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import { reflect } from '../../kube/index.ts'
import { reach, findRollouts } from '../access.ts'
import { rolloutTable } from './columns.ts'
import { logTo } from '../follow.ts'
import { openFrame } from '../frame.ts'
import type { GetOptions } from './get.ts'
import { withoutManagedFields, written } from '../objects.ts'
import { INTERRUPTED, whenInterrupted, type Terminal } from '../terminal.ts'

/**
 * `sluice get --watch`: Rollouts as they change, until it is interrupted. On a screen the table is drawn in place; in a log
 * every change is a line, or an object with `output`. Throws `Refusal`.
 */
export async function watchRollouts(
  name: string | undefined,
  options: GetOptions,
  terminal: Terminal,
): Promise<number> {
  const access = reach(options)
  const { allNamespaces = false, output } = options
  // A watch tries for ever; what cannot work at all is said at once.
  await findRollouts(access, { name, allNamespaces })
  const picture = pictureOf(terminal, { allNamespaces, output })
  let look: (key: string) => void = () => undefined
  const rollouts = reflect<Rollout>({
    kube: access.kube,
    resource: ROLLOUTS,
    ...(allNamespaces ? {} : { namespace: access.namespace }),
    ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
    onChange: (key) => look(key),
    log: logTo({ complain: picture.complain }),
  })
  await rollouts.synced
  const interrupted = whenInterrupted(terminal)
  const all = (): Rollout[] => rollouts.items().sort(byPlace)
  picture.begin(all())
  look = (key) => picture.change(all(), rollouts.get(key), key)
  await interrupted
  await rollouts.stop()
  return INTERRUPTED
}

type Picture = {
  begin: (all: Rollout[]) => void
  change: (all: Rollout[], changed: Rollout | undefined, key: string) => void
  complain: (text: string) => void
}

type How = { allNamespaces: boolean; output: GetOptions['output'] }

function pictureOf(terminal: Terminal, { allNamespaces, output }: How): Picture {
  if (output === 'json' || output === 'yaml') return asObjects(terminal, output)
  const shown = { allNamespaces, wide: output === 'wide' }
  const lines = (all: Rollout[]): string[] => rolloutTable(all, shown, { ...terminal, outcomes: new Map() })
  const { screen } = terminal
  if (screen) {
    const frame = openFrame({ ...terminal, screen })
    const draw = (all: Rollout[]): void => frame.draw(all.length === 0 ? ['There is no Rollout yet.'] : lines(all))
    return { begin: draw, change: draw, complain: frame.complain }
  }
  return {
    complain: terminal.complain,
    begin: (all) => terminal.print(`${lines(all).join('\n')}\n`),
    change: (all, changed, key) =>
      terminal.print(changed ? `${lines(all)[1 + all.indexOf(changed)]}\n` : `${key} is gone\n`),
  }
}

/** Documents one after the other, as `kubectl get --watch` writes them. */
function asObjects(terminal: Terminal, output: 'json' | 'yaml'): Picture {
  let before = Promise.resolve()
  const write = (rollout: Rollout): void => {
    before = before.then(async () => {
      const text = await written(withoutManagedFields(rollout), output)
      terminal.print(output === 'yaml' ? `---\n${text}` : text)
    })
  }
  return {
    complain: terminal.complain,
    begin: (all) => all.forEach(write),
    change: (_, changed) => changed && write(changed),
  }
}

const placeOf = ({ metadata }: Rollout): string => `${metadata.namespace}/${metadata.name}`
const byPlace = (one: Rollout, other: Rollout): number => placeOf(one).localeCompare(placeOf(other))
