import { LABEL } from '../crds/names.ts'
import { RELEASES, ROLLOUTS } from '../crds/resources.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { reflect, type Log } from '../kube/index.ts'
import type { Access } from './access.ts'
import type { Sight } from './sight.ts'
import type { Terminal } from './terminal.ts'

export type Following = { sight(): Sight; stop(): Promise<void> }

/** Keeps one Rollout and its Releases in sight by list and watch; `onChange` is called when either changed. */
export async function follow(
  { kube, namespace }: Access,
  { name, terminal, onChange }: { name: string; terminal: Terminal; onChange: () => void },
): Promise<Following> {
  const common = { kube, namespace, onChange, log: logTo(terminal) }
  const rollouts = reflect<Rollout>({ ...common, resource: ROLLOUTS, fieldSelector: `metadata.name=${name}` })
  const releases = reflect<Release>({ ...common, resource: RELEASES, labelSelector: `${LABEL.rollout}=${name}` })
  await Promise.all([rollouts.synced, releases.synced])
  return {
    sight: () => ({
      rollout: rollouts.get(`${namespace}/${name}`),
      releases: releases.items().sort((one, other) => one.spec.number - other.spec.number),
    }),
    stop: async () => void (await Promise.all([rollouts.stop(), releases.stop()])),
  }
}

/** A view that stands still has to say why. */
export function logTo({ complain }: Pick<Terminal, 'complain'>): Log {
  const say = (fields: object, message: string): void => {
    const { error } = fields as { error?: string }
    complain(`${message}${error === undefined ? '' : `: ${error}`}; trying again\n`)
  }
  return { debug: () => undefined, info: () => undefined, warn: say, error: say }
}
