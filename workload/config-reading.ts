import { CONFIG_MAPS, SECRETS, type ResourceDescriptor } from '../crds/resources.ts'
import type { PodTemplate, Rollout } from '../crds/schema/rollout.ts'
import { isForbidden, type Kube } from '../kube/index.ts'
import { configKey, type ConfigKind, type ConfigReference } from './config-references.ts'
import { writtenAt } from './config-settling.ts'
import { sightOf, type Config } from './config-sight.ts'
import { configsToRead, type ConfigLookup } from './config-tracking.ts'
import { namespaceOf } from './identity.ts'

export const CONFIG_RESOURCES: Record<ConfigKind, ResourceDescriptor> = { ConfigMap: CONFIG_MAPS, Secret: SECRETS }

/** What the configs of the pods are right now, one request for each. */
export async function readConfigs(
  kube: Pick<Kube, 'get'>,
  rollout: Rollout,
  template: PodTemplate,
): Promise<ConfigLookup> {
  const namespace = namespaceOf(rollout)
  const read = async (reference: ConfigReference) =>
    [configKey(reference), await readConfig(kube, namespace, reference)] as const
  const known = new Map(await Promise.all(configsToRead(rollout, template).map(read)))
  return (reference) => known.get(configKey(reference))
}

/** `forbidden` where Secrets of the namespace may not be read; ConfigMaps may be. */
export async function readConfig(
  kube: Pick<Kube, 'get'>,
  namespace: string,
  { kind, name, optional }: ConfigReference,
): Promise<ReturnType<ConfigLookup>> {
  try {
    const found = await kube.get<Config>({ resource: CONFIG_RESOURCES[kind], namespace, name })
    if (!found) return undefined
    const at = writtenAt(found, { optional })
    return { ...sightOf(found, kind), ...(at === undefined ? {} : { writtenAt: at }) }
  } catch (error) {
    if (kind === 'Secret' && isForbidden(error)) return 'forbidden'
    throw error
  }
}
