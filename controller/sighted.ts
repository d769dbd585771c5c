import type { Kube, KubeObject, Log } from '../kube/index.ts'
import type { ConfigKind } from '../workload/config-references.ts'
import { sightOf, type Config, type ConfigSight } from '../workload/config-sight.ts'

/** What the cache keeps of a config. */
export type Sighted = KubeObject & { sight: ConfigSight }

export type ConfigsOptions = {
  kube: Pick<Kube, 'list' | 'watch'>
  log: Log
  onRestart: (kind: string) => void
  /** `configId` of what is another now. */
  onChange: (config: string) => void
  /** How long a change waits for the template that may follow it. */
  settleMs: number
}

/** `key`: `namespace/name` */
export const configId = (kind: ConfigKind, key: string): string => `${kind} ${key}`

/** The only thing that is kept of the content is its digest. */
export function sighted(config: Config, kind: ConfigKind): Sighted {
  const { name, namespace = '', uid = '', resourceVersion = '' } = config.metadata
  const metadata = { name, namespace, uid, resourceVersion }
  return { apiVersion: 'v1', kind, metadata, sight: sightOf(config, kind) }
}
