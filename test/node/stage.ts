import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { createKube, type Kube, type Log, type Resource } from '../../kube/index.ts'
import { startAgent, type AgentOptions } from '../../stack/node/agent.ts'
import { NODES, PODS, type Pod } from '../../stack/node/pod.ts'
import type { ProcessIdentity } from '../../tools/identity.ts'
import { placeOf, startApiServer, type ApiServer } from '../fakes/api-server.ts'
import { eventually } from '../patience.ts'

const ENTRIES: Resource = {
  group: 'networking.istio.io',
  version: 'v1',
  plural: 'workloadentries',
  kind: 'WorkloadEntry',
  namespaced: true,
}

const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true }
type Event = { reason: string; note: string; regarding: { name: string } }

export type Entry = { spec: { address: string; ports: Record<string, number>; labels: Record<string, string> } }

/** Programs that the tests' pods run; each is its own image. */
export const PROGRAMS = {
  'test/web': `
    let healthy = true, probes = 0
    require('http').createServer((q, r) => {
      if (q.url === '/sick') healthy = false
      if (q.url === '/ready') probes += 1
      r.statusCode = healthy ? 200 : 503
      r.end(JSON.stringify({ probes, pid: process.pid, env: process.env, args: process.argv.slice(1) }))
    }).listen(process.env.PORT, '127.0.0.1')`,
  'test/deaf': `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`,
  /** Runs its first argument. */
  'test/script': undefined,
  'test/crash': `console.error('reading the list'); console.error('no such list'); process.exit(3)`,
}

const catalogue = Object.fromEntries(
  Object.entries(PROGRAMS).map(([name, source]) => [
    name,
    { entrypoint: [process.execPath, '-e', ...(source === undefined ? [] : [source])] },
  ]),
)

export type Stage = {
  server: ApiServer
  kube: Kube
  stateDir: string
  start(options?: Partial<AgentOptions>): Promise<{ stop(): Promise<void> }>
  /** A pod with one container `app`; `pod` is what else its spec says. */
  run(name: string, container?: Record<string, unknown>, pod?: Record<string, unknown>): void
  /** What was told about a pod: reasons and notes, oldest first. */
  events(name: string): { reason: string; note: string }[]
  /** What its container `app` said. */
  log(name: string): string
  /** Of the pod's own folder, which is two above its working directories. */
  file(name: string, file: string): string
  pod(name: string): Pod | undefined
  address(name: string): Entry['spec'] | undefined
  /** As the API server does for a bound pod: marks it; the agent has to finish. */
  remove(name: string, graceSeconds?: number): void
  node(patch: Record<string, unknown>): void
}

/** A fake API server that binds as the real one does, and agents on it; all of it goes when the test ends. */
export async function stage(): Promise<Stage> {
  const stateDir = mkdtempSync(join(tmpdir(), 'node-agent-'))
  onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }))
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  server.store.onChange(({ place, object }) => {
    if (place.collection !== '/v1/bindings') return
    server.store.merge(placeOf(PODS, 'shop'), object.metadata.name, { spec: { nodeName: 'local' } })
  })
  const find = (resource: Resource, name: string) =>
    server.store.list(placeOf(resource, 'shop')).find((one) => one.metadata.name === name)
  const read = (name: string, file: string) =>
    readFileSync(join(stateDir, 'pods', `shop_${name}_${find(PODS, name)?.metadata.uid}`, file), 'utf8')
  return {
    server,
    kube: createKube({ kubeconfig: server.kubeconfig }),
    stateDir,
    async start(options = {}) {
      const agent = await startAgent({
        kubeconfig: server.kubeconfig,
        stateDir,
        endpointDelayMs: 0,
        catalogue,
        log: quiet,
        ...options,
      })
      onTestFinished(() => agent.stop())
      return agent
    },
    run(name, { image = 'test/web', ...spec } = {}, pod = {}) {
      const ports = [{ name: 'http', containerPort: 8080 }]
      const readinessProbe = { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 0.05, failureThreshold: 2 }
      const container = { name: 'app', image, ports, ...(image === 'test/web' ? { readinessProbe } : {}), ...spec }
      // The finalizer stands for what the API server does itself: a bound pod stays until its node lets it go.
      const metadata = { name, namespace: 'shop', labels: { app: name }, finalizers: ['test/bound'] }
      server.put(PODS, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [container], ...pod } })
    },
    log: (name) => read(name, 'app.log'),
    file: read,
    events: (name) =>
      (server.store.list(placeOf(EVENTS, 'shop')) as unknown as Event[]).filter((one) => one.regarding.name === name),
    pod: (name) => find(PODS, name) as unknown as Pod | undefined,
    address: (name) => (find(ENTRIES, name) as unknown as Entry | undefined)?.spec,
    remove(name, graceSeconds = 30) {
      const metadata = { deletionTimestamp: new Date().toISOString(), deletionGracePeriodSeconds: graceSeconds }
      server.store.merge(placeOf(PODS, 'shop'), name, { metadata })
    },
    node(patch) {
      server.store.merge(placeOf(NODES), 'local', patch as never)
    },
  }
}

const quiet: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** The address of a pod, as soon as it has one. */
export const served = (scene: Stage, name: string): Promise<Entry['spec']> =>
  eventually(() => {
    const address = scene.address(name)
    expect(address).toBeDefined()
    return address!
  })

/** What the agent wrote down about its processes. */
export const readRecords = ({ stateDir }: Pick<Stage, 'stateDir'>): ProcessIdentity[] =>
  JSON.parse(readFileSync(join(stateDir, 'pods', 'processes.json'), 'utf8')) as ProcessIdentity[]
