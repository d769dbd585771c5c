import type { Kube, KubeObject } from '../../kube/index.ts'
import { CONFIG_MAPS, SECRETS } from './pod.ts'

export type Source = 'configMap' | 'secret'

/** What a ConfigMap or a Secret holds. */
export type Config = {
  /** What variables can be made of. */
  texts: Record<string, string>
  /** What files can be made of: `texts`, and what is no text. */
  files: Record<string, Buffer>
}

/** The ConfigMaps and Secrets of a namespace, as they are at the moment of asking; undefined where there is none. */
export type Configs = (source: Source, name: string) => Promise<Config | undefined>

type Stored = KubeObject & { data?: Record<string, string>; binaryData?: Record<string, string> }

export function createConfigs(kube: Pick<Kube, 'get'>, namespace: string): Configs {
  return async (source, name) => {
    const resource = source === 'secret' ? SECRETS : CONFIG_MAPS
    const found = await kube.get<Stored>({ resource, namespace, name })
    if (!found) return undefined
    const plain = mapped(found.data, (text) => Buffer.from(text, source === 'secret' ? 'base64' : 'utf8'))
    const binary = mapped(found.binaryData, (text) => Buffer.from(text, 'base64'))
    return { texts: mapped(plain, (content) => content.toString('utf8')), files: { ...plain, ...binary } }
  }
}

/** In a kubelet's words. */
export const notFound = (source: Source, name: string): string => `${source.toLowerCase()} "${name}" not found`

function mapped<From, To>(record: Record<string, From> | undefined, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record ?? {}).map(([key, value]) => [key, change(value)]))
}
