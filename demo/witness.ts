import { isDeepStrictEqual } from 'node:util'
import { LABEL, revisionObject } from '../crds/names.ts'
import { RELEASES, ROLLOUTS, VIRTUAL_SERVICES } from '../crds/resources.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { reflect, type Kube, type KubeObject, type Log } from '../kube/index.ts'

export const SHOP = { namespace: 'shop', rollout: 'checkout', routes: 'shop', route: 'primary' }

/** Percent per revision as the route says it; nothing at rest. `at`: epoch milliseconds at which it was seen. */
export type Move = { at: number; weights: Record<string, number> }

export type Sight = {
  rollout: Rollout | undefined
  /** Oldest first. */
  releases: Release[]
  /** Every state of the managed route, oldest first. */
  moves: Move[]
}

export type Witness = {
  now: () => Sight
  /** Called after every change; returns what takes it back. */
  onChange: (listener: () => void) => () => void
  /** The first thing that `look` finds. Throws what it waited for, and what there is instead, when the time is up. */
  until: <T>(what: string, look: (sight: Sight) => T | undefined, timeoutMs?: number) => Promise<T>
  stop: () => Promise<void>
}

/** Sees what any user of the cluster could see: the Rollout, its Releases and the route. */
export function openWitness(kube: Kube, log: Log): Witness {
  const { namespace } = SHOP
  const listeners = new Set<() => void>()
  const moves: Move[] = []
  const tell = (): void => listeners.forEach((listener) => listener())
  const common = { kube, namespace, log, onChange: tell }
  const labelSelector = `${LABEL.rollout}=${SHOP.rollout}`
  const rollouts = reflect<Rollout>({ ...common, resource: ROLLOUTS, fieldSelector: `metadata.name=${SHOP.rollout}` })
  const releases = reflect<Release>({ ...common, resource: RELEASES, labelSelector })
  const routes = reflect<VirtualService>({
    ...common,
    resource: VIRTUAL_SERVICES,
    onChange() {
      const weights = weightsOf(routes.get(`${namespace}/${SHOP.routes}`))
      if (!isDeepStrictEqual(moves.at(-1)?.weights, weights)) moves.push({ at: Date.now(), weights })
      tell()
    },
  })
  const now = (): Sight => ({
    rollout: rollouts.get(`${namespace}/${SHOP.rollout}`),
    releases: releases.items().toSorted((one, other) => one.spec.number - other.spec.number),
    moves,
  })
  function onChange(listener: () => void): () => void {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  return {
    now,
    onChange,
    until: (what, look, timeoutMs) => waitFor({ now, onChange }, { what, look, timeoutMs }),
    stop: async () => void (await Promise.all([rollouts, releases, routes].map((one) => one.stop()))),
  }
}

type VirtualService = KubeObject & {
  spec: { http: { name?: string; route?: { destination: { host: string }; weight?: number }[] }[] }
}

function weightsOf(routes: VirtualService | undefined): Record<string, number> {
  const managed = routes?.spec.http.find(({ name }) => name === SHOP.route)?.route ?? []
  const prefix = revisionObject(SHOP.rollout, '')
  const own = managed.map(({ destination, weight = 100 }) => ({ name: destination.host.split('.')[0] ?? '', weight }))
  return Object.fromEntries(
    own.filter(({ name }) => name.startsWith(prefix)).map(({ name, weight }) => [name.slice(prefix.length), weight]),
  )
}

type Waiting<T> = { what: string; look: (sight: Sight) => T | undefined; timeoutMs: number | undefined }

async function waitFor<T>(
  { now, onChange }: Pick<Witness, 'now' | 'onChange'>,
  { what, look, timeoutMs }: Waiting<T>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const give = (): void => {
    const found = look(now())
    if (found !== undefined) resolve(found)
  }
  const late = (): void => {
    const said = now().rollout?.status?.message ?? 'nothing'
    reject(new Error(`${what}: not within ${(timeoutMs ?? 0) / 1_000} s. The Rollout says: ${said}`))
  }
  const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs)
  const forget = onChange(give)
  give()
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    forget()
  }
}
