import { LABEL } from '../crds/names.ts'
import { CONFIG_MAPS } from '../crds/resources.ts'
import type { PodTemplate, Rollout } from '../crds/schema/rollout.ts'
import { reflect } from '../kube/index.ts'
import { referencesOf } from '../workload/config-references.ts'
import type { ConfigLookup } from '../workload/config-tracking.ts'
import { createSecrets } from './secrets.ts'
import { createSettling, type Settling } from './settling.ts'
import { configId, sighted, type ConfigsOptions, type Sighted } from './sighted.ts'

export type Configs = {
  /** Resolves when all ConfigMaps are known. */
  synced: Promise<void>
  lastActivity(): number
  /** What a namespace's configs are, once they have settled. */
  lookup(namespace: string): ConfigLookup
  /** From now on these Secrets of one Rollout are watched, as far as that is allowed, and no others for it. */
  follow(rollout: string, secrets: string[]): Promise<void>
  stop(): Promise<unknown>
}

/**
 * Digests of all ConfigMaps, from one watch, and of the Secrets that are followed, from one each. A change counts when it
 * has settled: a template that is applied right after it starts one release, with both.
 */
export function openConfigs(options: ConfigsOptions): Configs {
  const settling: Settling = createSettling(options, (id) => {
    const [kind, key = ''] = id.split(' ')
    return (kind === 'Secret' ? secrets.get(key) : maps.get(key))?.sight
  })
  const secrets = createSecrets(options, () => settling)
  const maps = reflect<Sighted>({
    ...options,
    resource: CONFIG_MAPS,
    // Copies never change, and the cluster's own certificate is in every namespace.
    labelSelector: `!${LABEL.revision}`,
    fieldSelector: 'metadata.name!=kube-root-ca.crt',
    onChange: (key) => settling.see(configId('ConfigMap', key)),
    trim: (config) => sighted(config, 'ConfigMap'),
  })
  const synced = maps.synced.then(() => settling.begin())
  return {
    synced,
    lastActivity: () => maps.lastActivity(),
    lookup:
      (namespace) =>
      ({ kind, name, optional }) => {
        const key = `${namespace}/${name}`
        if (kind === 'Secret' && secrets.isDenied(key)) return 'forbidden'
        return settling.look(configId(kind, key), optional)
      },
    follow: (rollout, keys) => secrets.follow(rollout, keys),
    async stop() {
      settling.stop()
      await Promise.all([maps.stop(), secrets.stop()])
    },
  }
}

/** The Secrets that a Rollout wants to be followed, as `namespace/name`. */
export const secretKeys = ({ metadata, spec }: Rollout): string[] =>
  spec.config.flatMap(({ secret, track = 'none' }) =>
    secret && track !== 'none' ? `${metadata.namespace}/${secret}` : [],
  )

/** Known once for each version of a template: every change of every ConfigMap asks every Rollout. */
const idsOf = new WeakMap<PodTemplate, Set<string>>()

/** `configId` of all that pods of this template read. */
export function configIds(template: PodTemplate, namespace: string): Set<string> {
  const ids =
    idsOf.get(template) ??
    new Set(referencesOf(template).map(({ kind, name }) => configId(kind, `${namespace}/${name}`)))
  idsOf.set(template, ids)
  return ids
}
