import { SECRETS } from '../crds/resources.ts'
import { isForbidden, reflect, type Reflector } from '../kube/index.ts'
import { sightOf, type Config, type ConfigSight } from '../workload/config-sight.ts'
import type { Settling } from './settling.ts'
import { configId, sighted, type ConfigsOptions, type Sighted } from './sighted.ts'

export type Secrets = {
  get(key: string): Sighted | undefined
  /** The engine may not look at it. */
  isDenied(key: string): boolean
  follow(rollout: string, keys: string[]): Promise<void>
  stop(): Promise<unknown>
}

/** One watch for each Secret that some Rollout follows, by name: no other Secret is ever read. Keys are `namespace/name`. */
export function createSecrets(options: ConfigsOptions, settling: () => Settling): Secrets {
  const wanted = new Map<string, string[]>()
  const watches = new Map<string, Reflector<Sighted>>()
  const denied = new Set<string>()

  async function begin(key: string): Promise<void> {
    const found = await lookOnce(options, key)
    if (found === 'forbidden') return void denied.add(key)
    denied.delete(key)
    settling().adopt(configId('Secret', key), found)
    if (!watches.has(key)) watches.set(key, watch(options, key, settling))
  }

  async function end(key: string): Promise<void> {
    const ending = watches.get(key)
    watches.delete(key)
    denied.delete(key)
    settling().adopt(configId('Secret', key), undefined)
    await ending?.stop()
  }

  return {
    get: (key) => watches.get(key)?.get(key),
    isDenied: (key) => denied.has(key),
    async follow(rollout, keys) {
      const before = wanted.get(rollout) ?? []
      if (keys.length === 0) wanted.delete(rollout)
      else wanted.set(rollout, keys)
      const all = new Set([...wanted.values()].flat())
      await Promise.all(before.filter((key) => !all.has(key)).map(end))
      await Promise.all(keys.filter((key) => !watches.has(key)).map(begin))
    },
    stop: () => Promise.all([...watches.keys()].map(end)),
  }
}

/** A right that is missing costs one request per look, instead of a watch that tries for ever. */
async function lookOnce({ kube }: ConfigsOptions, key: string): Promise<ConfigSight | 'forbidden' | undefined> {
  try {
    const { items } = await kube.list<Config>(SECRETS, selectorOf(key))
    return items[0] && sightOf(items[0], 'Secret')
  } catch (error) {
    if (isForbidden(error)) return 'forbidden'
    throw error
  }
}

const watch = (options: ConfigsOptions, key: string, settling: () => Settling): Reflector<Sighted> =>
  reflect<Sighted>({
    ...options,
    ...selectorOf(key),
    resource: SECRETS,
    onChange: () => settling().see(configId('Secret', key)),
    trim: (secret) => sighted(secret, 'Secret'),
  })

function selectorOf(key: string): { namespace: string; fieldSelector: string } {
  const [namespace = '', name = ''] = key.split('/')
  return { namespace, fieldSelector: `metadata.name=${name}` }
}
