import { isDeepStrictEqual } from 'node:util'
import { LABEL, revisionObject } from '../../crds/names.ts'
import { DECISIONS, DEPLOYMENTS, PODS, RELEASES, ROLLOUTS, SERVICES, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { Decision } from '../../crds/schema/decision.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import { reflect, type Kube, type KubeObject, type Log, type Reflector, type Resource } from '../../kube/index.ts'
import type { Pod } from '../../stack/node/pod.ts'
import { PRIMARY, ROLLOUT, ROUTES, type Destination, type VirtualService } from './shop.ts'

export type Deployment = KubeObject & { spec: { replicas?: number }; status?: { readyReplicas?: number } }
export type Service = KubeObject & { spec: { selector?: Record<string, string> } }

/** What is there right now, as watches tell it. */
export type Sight = {
  rollout: Rollout | undefined
  /** Oldest first. */
  releases: Release[]
  decisions: Decision[]
  route: VirtualService | undefined
  pods: Pod[]
  deployments: Deployment[]
  services: Service[]
}

/** Percent that every revision gets on the managed route; `apex` at rest. Foreign destinations are left out. */
export type Weights = Record<string, number>

export type Watcher = {
  now(): Sight
  /** Every state of the managed route since the stage was opened, oldest first. */
  weights(): Weights[]
  /** Called after every change. Returns what takes it back. */
  onChange(listener: () => void): () => void
  stop(): Promise<void>
}

/** Follows one namespace. Resolves when everything that is there is known. */
export async function openWatcher(kube: Kube, namespace: string, log: Log): Promise<Watcher> {
  const listeners = new Set<() => void>()
  const seen: Weights[] = []
  const tell = (): void => listeners.forEach((listener) => listener())
  const follow = <T extends KubeObject>(resource: Resource, onChange = tell): Reflector<T> =>
    reflect<T>({ kube, namespace, resource, log, onChange })
  const rollouts = follow<Rollout>(ROLLOUTS)
  const releases = follow<Release>(RELEASES)
  const decisions = follow<Decision>(DECISIONS)
  const pods = follow<Pod>(PODS)
  const deployments = follow<Deployment>(DEPLOYMENTS)
  const services = follow<Service>(SERVICES)
  const routes = follow<VirtualService>(VIRTUAL_SERVICES, () => {
    const route = routes.get(`${namespace}/${ROUTES}`)
    if (route) note(seen, weightsOf(route))
    tell()
  })
  const all = [rollouts, releases, decisions, pods, deployments, services, routes]
  await Promise.all(all.map((each) => each.synced))
  return {
    now: () => ({
      rollout: rollouts.get(`${namespace}/${ROLLOUT}`),
      releases: releases.items().toSorted((a, b) => a.spec.number - b.spec.number),
      decisions: decisions.items(),
      route: routes.get(`${namespace}/${ROUTES}`),
      pods: pods.items(),
      deployments: deployments.items(),
      services: services.items(),
    }),
    weights: () => [...seen],
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async stop() {
      await Promise.all(all.map((each) => each.stop()))
    },
  }
}

export function weightsOf(route: VirtualService): Weights {
  const list = route.spec.http.find(({ name }) => name === PRIMARY)?.route ?? []
  const own = list.flatMap((entry) => ownShare(entry, list))
  const total = own.reduce((sum, { weight }) => sum + weight, 0)
  return Object.fromEntries(own.map(({ revision, weight }) => [revision, total === 0 ? 0 : (weight / total) * 100]))
}

/** Release of this version of the shop, the newest where there are several. */
export const releaseOf = ({ releases }: Sight, version: string): Release | undefined =>
  releases.findLast(({ spec }) => spec.provenance?.images?.includes(`shop.local/checkout:${version}`))

export const outcomeOf = (sight: Sight, version: string): string | undefined =>
  releaseOf(sight, version)?.status?.outcome

export const podsOf = ({ pods }: Sight, revision: string): Pod[] =>
  pods.filter(({ metadata }) => metadata.labels?.[LABEL.revision] === revision && !metadata.deletionTimestamp)

/** An old or refused revision has no pods any more, and the route and the Services are at rest. */
export const hasLeft = (sight: Sight, revision: string): boolean =>
  podsOf(sight, revision).length === 0 && sight.services.every(({ metadata }) => metadata.name === ROLLOUT)

/** The reason of the condition Ready: what `kubectl get` shows as Status. */
export const phaseOf = ({ rollout }: Sight): string | undefined =>
  rollout?.status?.conditions?.find(({ type }) => type === 'Ready')?.reason

/** Writes that change no share are no news. */
function note(seen: Weights[], weights: Weights): void {
  if (!isDeepStrictEqual(seen.at(-1), weights)) seen.push(weights)
}

function ownShare({ destination, weight }: Destination, list: Destination[]): { revision: string; weight: number }[] {
  const service = destination.host.split('.')[0] ?? ''
  const share = weight ?? (list.length === 1 ? 100 : 0)
  if (service === ROLLOUT) return [{ revision: 'apex', weight: share }]
  const prefix = revisionObject(ROLLOUT, '')
  return service.startsWith(prefix) ? [{ revision: service.slice(prefix.length), weight: share }] : []
}
