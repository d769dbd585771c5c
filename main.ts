import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import { createSamplers } from './analysis/reader/index.ts'
import { startApi } from './api/index.ts'
import { readConfig } from './config.ts'
import { searchAttributes, startController, temporalWorkflows } from './controller/index.ts'
import {
  createKube,
  createKubeDoor,
  createRecorder,
  describeContext,
  describeError,
  NO_KUBECONFIG,
  wantLease,
  type Kube,
  type KubeObject,
  type Lease,
} from './kube/index.ts'
import { ROLLOUTS } from './crds/resources.ts'
import { createReach } from './network/reach.ts'
import { createIstioRouter } from './router/index.ts'
import { startSources, type Sources } from './source/index.ts'
import { createLog, createMetrics, startHealthServer, startSweep } from './telemetry/index.ts'
import { readTemporalAccess, type TemporalAccess } from './temporal.ts'
import manifest from './package.json' with { type: 'json' }
import { installRuntime, startWorkers } from './worker.ts'
import { createWorkload } from './workload/index.ts'

/** Composition root: every part is built here and handed what it needs. */
type Part = {
  trouble(): string | undefined
  dead?(): string | undefined
  leader?(): string | undefined
  stop(): Promise<void>
  ended?: Promise<void>
}

/** Quiet kinds are silent for minutes by design; longer than this a watch is dead. */
const SILENCE_MS = 10 * 60_000

const config = readConfig()
const log = createLog({ component: config.role, level: config.logLevel })
const metrics = createMetrics()
const kube = await orEnd('no usable kubeconfig (--kubeconfig names one)', () => openKube(config.kubeconfig))
const reach = createReach({ refuses: config.allowLocalTargets ? 'nothing' : 'local' })
const callbackSecret = await orEnd('no address of a callback can be signed', () =>
  readSecret(config.callbackSecretFile, 32),
)
const parts: Part[] = []
const expected = config.role === 'all' ? 2 : 1
const controls = config.role === 'all' || config.role === 'controller'
const works = config.role === 'all' || config.role === 'worker'
let stopping = false
let sources: Sources | undefined

process.on('SIGTERM', () => void stop('SIGTERM', 0))
process.on('SIGINT', () => void stop('SIGINT', 0))

const health = await orEnd('the health port cannot be served (--health-port names another)', () =>
  startHealthServer({
    port: config.healthPort,
    host: config.healthHost,
    live: { engine: () => parts.map((part) => part.dead?.()).find(Boolean) },
    ready: { engine: () => (parts.length < expected ? 'starting' : parts.map((part) => part.trouble()).find(Boolean)) },
    facts: { leader: () => parts.map((part) => part.leader?.()).find(Boolean) },
    others: (request, response) => sources?.hooks(request, response) ?? false,
    metrics,
  }),
)
log.info({ healthPort: health.port }, 'starting')
if (controls || works) await runEngine()
if (config.role === 'api') parts.push(await orEnd('the API cannot be served', () => apiPart()))
log.info('running')
for (const part of parts) part.ended?.catch((error: unknown) => stop(error, 1))

async function runEngine(): Promise<void> {
  const temporal = await orEnd('Temporal cannot be asked', () => readTemporalAccess(config))
  installRuntime(log)
  if (controls) parts.push(controllerPart(temporal))
  if (works) parts.push(await workerPart(temporal))
}

/** What cannot even begin is one sentence for whoever started it. */
async function orEnd<T>(what: string, begin: () => T | Promise<T>): Promise<T> {
  try {
    return await begin()
  } catch (error) {
    process.stderr.write(`error: ${what}: ${describeError(error)}\n`)
    return process.exit(1)
  }
}

function openKube(kubeconfig: string | undefined): Kube {
  const options = kubeconfig === undefined ? {} : { kubeconfig }
  if (describeContext(options).context === NO_KUBECONFIG) {
    throw new Error('there is neither --kubeconfig, $KUBECONFIG, ~/.kube/config nor a ServiceAccount')
  }
  return createKube(options)
}

function controllerPart(temporal: TemporalAccess): Part {
  const connection = Connection.lazy(temporal)
  const namespace = config.temporalNamespace
  const client = new Client({ connection, namespace })
  const attributes = searchAttributes({ client, namespace, log })
  const workflows = temporalWorkflows({ client, cluster: config.cluster, attributes })
  // One process that does everything has nobody to agree with.
  const standby = config.role === 'controller'
  const controller = startController({ kube, workflows, log, metrics, standby })
  const applying = (sources = openSources(standby))
  const lease = standby
    ? lead((held) => {
        controller.setLeading(held)
        applying.setLeading(held)
      })
    : undefined
  return {
    trouble: () => (controller.ready() ? undefined : 'the caches of the controller are not filled'),
    dead: () =>
      Date.now() - controller.lastActivity() > SILENCE_MS ? 'a watch has heard nothing for ten minutes' : undefined,
    leader: () => lease && (lease.held() ? `${lease.holder()} (this one)` : lease.holder()),
    async stop() {
      await Promise.all([controller.stop(), applying.stop()])
      await lease?.stop()
      await connection.close()
    },
  }
}

/** Optional in a cluster: without rights of its own it asks for them now and then, and nothing else. */
function openSources(standby: boolean): Sources {
  const { kubeconfig, sourceFiles: files, kustomize } = config
  return startSources({
    kube,
    door: createKubeDoor(kubeconfig === undefined ? {} : { kubeconfig }),
    events: createRecorder({ kube, controller: 'sluice.dev/source', instance: `${process.pid}` }),
    log,
    reach,
    standby,
    ...(files === undefined ? {} : { files }),
    ...(kustomize === undefined ? {} : { kustomize }),
  })
}

function lead(onChange: (held: boolean) => void): Lease {
  const identity = `${hostname()}_${randomUUID().slice(0, 8)}`
  return wantLease({ kube, namespace: config.leaseNamespace, name: 'sluice-controller', identity, log, onChange })
}

async function workerPart(temporal: TemporalAccess): Promise<Part> {
  const deps = {
    kube,
    router: createIstioRouter({ kube }),
    workload: createWorkload({ kube, log }),
    // Who measures may well stand beside the engine.
    samplers: createSamplers({ reach: createReach({ refuses: config.allowLocalTargets ? 'nothing' : 'metadata' }) }),
    events: createRecorder({ kube, controller: 'sluice.dev/engine', instance: `${process.pid}` }),
    metrics,
    site: { cluster: config.cluster, uiUrl: config.uiUrl },
    callbackSecret,
    reach,
    now: Date.now,
  }
  const workers = await startWorkers({ temporal, namespace: config.temporalNamespace, deps, log })
  const sweep = startSweep({
    metrics,
    list: () => rolloutNames(kube),
    onTrouble: (error) => log.debug({ error: describeError(error) }, 'which Rollouts there are is not known'),
  })
  return {
    trouble: () => (workers.trouble() === undefined ? undefined : `a worker is ${workers.trouble()}`),
    stop() {
      sweep.stop()
      return workers.stop()
    },
    ended: workers.ended,
  }
}

async function rolloutNames(kube: Kube): Promise<{ namespace: string; name: string }[]> {
  const { items } = await kube.list<KubeObject>(ROLLOUTS, {})
  return items.map(({ metadata: { namespace = '', name } }) => ({ namespace, name }))
}

async function apiPart(): Promise<Part> {
  const { kubeconfig, temporalUi, temporalNamespace: namespace, cluster } = config
  const api = await startApi({
    kube,
    kubeFor: createKubeDoor(kubeconfig === undefined ? {} : { kubeconfig }),
    port: config.apiPort,
    host: config.apiHost,
    publicUrl: config.publicUrl,
    trustedProxies: config.trustedProxies,
    sessionSecret: readSecret(config.sessionSecretFile, 32),
    callbackSecret,
    oidc: config.oidcIssuer === undefined ? undefined : oidcOptions(config.oidcIssuer),
    temporalUi: temporalUi === undefined ? undefined : { url: temporalUi, namespace, cluster },
    uiDirectory: fileURLToPath(new URL('dist/ui', import.meta.url)),
    version: manifest.version,
    log,
    onRestart: (kind) => metrics.watchRestarts.inc({ kind }),
  })
  log.info({ apiPort: api.port }, 'the API and the UI are served')
  return {
    trouble: () => (api.ready() ? undefined : 'the caches of the API are not filled'),
    dead: () =>
      Date.now() - api.lastActivity() > SILENCE_MS ? 'a watch has heard nothing for ten minutes' : undefined,
    stop: () => api.stop(),
  }
}

const oidcOptions = (issuer: string) => ({
  issuer,
  clientId: config.oidcClientId,
  clientSecret: readSecret(config.oidcClientSecretFile, 1),
  scopes: config.oidcScopes,
})

/** A Secret of a cluster may be optional: without it there is no file. */
function readSecret(file: string | undefined, least: number): string | undefined {
  if (file === undefined || !existsSync(file)) return undefined
  const secret = readFileSync(file, 'utf8').trim()
  if (secret.length < least) throw new Error(`${file} has less than ${least} characters`)
  return secret
}

/** A part that ends by itself ends the process: the next one starts from what is really there. */
async function stop(why: unknown, code: number): Promise<void> {
  if (stopping) return
  stopping = true
  log[code === 0 ? 'info' : 'error']({ error: why }, 'stopping')
  process.exitCode = code
  const results = await Promise.allSettled([...parts.map((part) => part.stop()), health.close()])
  for (const result of results)
    if (result.status === 'rejected') log.warn({ error: result.reason }, 'a part did not stop cleanly')
  process.exit(code)
}
