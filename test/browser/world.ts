import { PassThrough } from 'node:stream'
import { startApi, type ApiServer } from '../../api/index.ts'
import type { Sight } from '../../api/sight.ts'
import type { Decision } from '../../crds/schema/decision.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import { LABEL } from '../../crds/names.ts'
import { DECISIONS, EVENTS, PODS, RELEASES, ROLLOUTS } from '../../crds/resources.ts'
import { createKube, createKubeDoor, type KubeObject, type Resource } from '../../kube/index.ts'
import { createLog } from '../../telemetry/index.ts'
import type { Question } from '../fakes/api-people.ts'
import { placeOf, startApiServer, type ApiServer as Cluster, type Request } from '../fakes/api-server.ts'
import type { Json } from '../fakes/api-merge.ts'
import { PEOPLE, type Person } from './world/people.ts'

/** The real API and the built page over an API server in memory; what an engine would write, the test writes. */
export type World = {
  url: string
  /** Changes one Rollout with all that belongs to it. */
  change(key: string, change: (sight: Seen) => Seen): void
  /** The API's process ends: streams break off, nobody answers. */
  stop(): Promise<void>
  /** How many watches the API server serves. */
  watches(): number
  /** It comes back on the same port. */
  start(): Promise<void>
  end(): Promise<void>
}

export type Seen = Pick<Sight, 'rollout' | 'releases' | 'decisions'>

type Options = {
  sights: Sight[]
  /** What is done about a decision that the API server took. */
  engine?: (world: World, decision: Decision) => void
}

export async function openWorld({ sights, engine }: Options): Promise<World> {
  const cluster = await startApiServer()
  for (const [token, { me }] of Object.entries(PEOPLE)) cluster.people.know(token, me)
  cluster.people.allow(allows)
  cluster.interfere(refusalOf)
  for (const sight of sights) furnish(cluster, sight)
  const world = serve(cluster)
  cluster.store.onChange(({ type, object, place }) => {
    const isNew = type === 'ADDED' && place.collection === placeOf(DECISIONS).collection
    // After the answer to whoever created it.
    if (isNew) setImmediate(() => engine?.(world, object as unknown as Decision))
  })
  await world.start()
  return world
}

function serve(cluster: Cluster): World {
  const kubeconfig = { kubeconfig: cluster.kubeconfig, timeoutMs: 5_000 }
  let api: ApiServer | undefined
  let port = 0
  const world: World = {
    url: '',
    change: (key, change) => rewrite(cluster, key, change),
    watches: () => cluster.watches(),
    async stop() {
      await api?.stop()
    },
    async start() {
      api = await startApi({
        kube: createKube(kubeconfig),
        kubeFor: createKubeDoor(kubeconfig),
        host: '127.0.0.1',
        port,
        sessionSecret: 'the same after a restart, so that nobody signs in again',
        temporalUi: { url: 'https://temporal.example', namespace: 'default', cluster: 'local' },
        uiDirectory: 'dist/ui',
        version: '1.2.3',
        log: createLog({ component: 'api', level: 'info', destination: new PassThrough().resume() }),
      })
      port = api.port
      world.url = `http://localhost:${port}`
    },
    async end() {
      await api?.stop()
      await cluster.stop()
    },
  }
  return world
}

function furnish(cluster: Cluster, { rollout, releases, decisions, pods, events }: Sight): void {
  const { namespace = '' } = rollout.metadata
  const all: [Resource, KubeObject[]][] = [
    [ROLLOUTS, [rollout]],
    [RELEASES, releases],
    [DECISIONS, decisions],
    [PODS, pods],
    [EVENTS, events],
  ]
  for (const [resource, objects] of all) {
    const place = placeOf(resource, namespace)
    for (const object of objects) {
      const { name, creationTimestamp } = object.metadata
      cluster.store.create(place, structuredClone(object) as never)
      // What was there before is as old as it says.
      const stored = cluster.store.list(place).find(({ metadata }) => metadata.name === name)
      if (stored && creationTimestamp) stored.metadata.creationTimestamp = creationTimestamp
    }
  }
}

function rewrite({ store }: Cluster, key: string, change: (sight: Seen) => Seen): void {
  const [namespace, name] = key.split('/')
  const ours = <T>(resource: Resource): T[] =>
    store
      .list(placeOf(resource, namespace))
      .filter(({ metadata }) => metadata.labels?.[LABEL.rollout] === name)
      .map((object) => structuredClone(object) as T)
  const rollout = structuredClone(store.read(placeOf(ROLLOUTS, namespace), name ?? '')) as unknown as Rollout
  const next = change({ rollout, releases: ours<Release>(RELEASES), decisions: ours<Decision>(DECISIONS) })
  const all: [Resource, (KubeObject & { status?: object })[]][] = [
    [ROLLOUTS, [next.rollout]],
    [RELEASES, next.releases],
    [DECISIONS, next.decisions],
  ]
  for (const [resource, objects] of all) {
    for (const { metadata, status } of objects) {
      const place = placeOf(resource, namespace)
      store.replace(place, metadata.name, { ...store.read(place, metadata.name), status } as unknown as Json, 'status')
    }
  }
}

const personOf = (token: string): Person | undefined => PEOPLE[token]

/** Everybody sees everything; each decides what the list says. */
function allows({ token, verb, resource, subresource }: Question): boolean {
  if (verb !== 'create') return true
  if (resource === 'decisions') return true
  return subresource !== undefined && personOf(token)?.may.includes(subresource as Person['may'][number]) === true
}

/** As the admission policy says it. */
function refusalOf({ method, path, headers }: Request) {
  const person = personOf(headers.authorization?.replace('Bearer ', '') ?? '')
  if (method !== 'POST' || !path.endsWith('/decisions') || !person || person.may.length > 0) return undefined
  const message = `decisions.sluice.dev is forbidden: User "${person.me.name}" may not approve checkout: it takes create on rollouts/approve in namespace shop`
  return { code: 403, reason: 'Forbidden', message }
}
