import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { serviceToken, installEngine, installMeshKinds, openCluster, untilServed } from './cluster.ts'
import { createKubectl, type Kubectl } from './kubectl.ts'
import type { Layout } from './layout.ts'
import { makePki } from './pki.ts'
import { statusOf } from './probe.ts'
import { launch, untilReady } from './process.ts'
import type { ServerName, Tools } from './servers/index.ts'
import type { Template } from './template.ts'
import { makeUsers, writeKubeconfig } from './users.ts'

const GATEWAY_WITHIN_MS = 30_000
const LOOK_EVERY_MS = 25

export type StartContext = {
  layout: Layout
  tools: Tools
  template: Template
  /** Told once per server, when it works. */
  onReady?: (name: ServerName) => void
  signal?: AbortSignal
}

/**
 * Starts every server and fills the cluster; whatever does not wait for another goes at the same time. The first
 * failure breaks off the rest and is thrown when nothing is being started any more: the caller then ends what runs.
 */
export async function startServers({ layout, tools, template, onReady, signal }: StartContext): Promise<void> {
  const failure = new AbortController()
  const either = signal === undefined ? failure.signal : AbortSignal.any([failure.signal, signal])
  const kubectl = createKubectl(layout, tools.kubectl, either)
  const isNew = !existsSync(layout.path('etcd'))
  const isPrepared = await template.unfold(layout)

  async function up(name: ServerName): Promise<void> {
    either.throwIfAborted()
    await launch(layout, name, tools)
    await untilReady(layout, name, either)
    onReady?.(name)
  }
  async function all(...parts: Promise<unknown>[]): Promise<void> {
    for (const part of parts) part.catch((error: unknown) => failure.abort(error))
    await Promise.allSettled(parts)
    either.throwIfAborted()
  }
  async function install(): Promise<void> {
    await all(installEngine(kubectl), installMeshKinds(kubectl, tools['mesh-crds']))
    await untilServed(kubectl)
    if (isNew) await template.keep(layout)
  }
  /** istiod starts beside its kinds and finds them as they come; its own key waits until the template has been kept. */
  async function fillCluster(): Promise<void> {
    const served = isPrepared ? Promise.resolve() : install()
    const services = served.then(() => makeServices(layout, kubectl))
    const authority = readFileSync(layout.pki.ca).toString('base64')
    const agent = served.then(() => up('agent'))
    const mesh = layout.sidecars ? served.then(() => up('istiod')) : up('istiod')
    await all(agent, mesh, services)
    await openCluster(kubectl, layout.ports, authority)
    await untilGatewayAnswers(layout, either)
  }
  async function startRest(): Promise<void> {
    await makePki(layout)
    await makeUsers(layout)
    const api = up('apiserver').then(() => all(up('controllers'), fillCluster()))
    await all(api, up('temporal'), up('prometheus'), up('gateway'))
  }
  await all(up('etcd'), startRest())
}

/** Who the engine and its API are; only the API server makes such tokens. */
async function makeServices(layout: Layout, kubectl: Kubectl): Promise<void> {
  const services = ['engine', 'api'] as const
  await Promise.all(
    services.map(async (service) => writeKubeconfig(layout, service, await serviceToken(kubectl, service))),
  )
}

/** Any answer will do: without a route it is 404. */
async function untilGatewayAnswers({ ports }: Layout, signal: AbortSignal): Promise<void> {
  const url = `http://127.0.0.1:${ports.gateway}/`
  const deadline = Date.now() + GATEWAY_WITHIN_MS
  while ((await statusOf(url)) === undefined) {
    signal.throwIfAborted()
    if (Date.now() > deadline) throw new Error(`the gateway does not answer on ${url}: istiod has not reached it`)
    await sleep(LOOK_EVERY_MS)
  }
}
