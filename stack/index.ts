import { resolve } from 'node:path'
import type { Log } from '../kube/index.ts'
import { type ProgressReport, ensureTools } from '../tools/resolve.ts'
import { withLock } from '../tools/lock.ts'
import { startGuard } from './guard.ts'
import { type Layout, makeLayout, openLayout } from './layout.ts'
import { disown, own, stateOfOwner } from './owner.ts'
import { end, kill, launch, runningOf, untilReady } from './process.ts'
import { openRegistry } from './registry.ts'
import { SERVER_NAMES, type ServerName } from './servers/index.ts'
import { startServers } from './start.ts'
import { runningServers, stopStack } from './stop.ts'
import { openTemplate } from './template.ts'

export { DEFAULT_STATE_DIR } from './layout.ts'
export type { ServerName } from './servers/index.ts'

/** A real cluster on this machine. */
export type Stack = {
  stateDir: string
  urls: {
    apiserver: string
    gateway: string
    gatewayAdmin: string
    prometheus: string
    /** `host:port` of the frontend. */
    temporal: string
    temporalUi: string
  }
  /** Files. Ada may decide everything, Alice answer gates and stop releases, Bob look; the engine and its API have the rights of `deploy/`. */
  kubeconfigs: Record<'admin' | 'ada' | 'alice' | 'bob' | 'engine' | 'api', string>
  /** One JSON line per answered request to the API server. */
  auditLog: string
  server(name: ServerName): ServerHandle
  /** Ends every process of the stack, pods included. State and data stay in `stateDir`. */
  stop(): Promise<void>
}

/** One server of a stack; whatever is done to it, it keeps its ports and data. */
export type ServerHandle = {
  name: ServerName
  logFile: string
  /** undefined while it does not run. */
  pid(): number | undefined
  /** Resolves when it works again. Throws when it runs already or does not come up within two minutes. */
  start(): Promise<void>
  /** SIGTERM, SIGKILL after ten seconds. */
  stop(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
}

export type StartOptions = {
  /** Its own folder; a stack that was here before is brought up again with its ports and data. */
  stateDir: string
  /** From a pod's readiness to its address in the mesh. Default 100. */
  endpointDelayMs?: number
  /** istiod signs certificates, and pods may run a proxy with one: see `images/injection.ts`. Default false. */
  sidecars?: boolean
  /** Servers and pods end with this process, however it ends. Default true. */
  owned?: boolean
  log?: Pick<Log, 'info'>
  onReady?: (name: ServerName) => void
  /** While tools are being built. */
  onProgress?: ProgressReport
  signal?: AbortSignal
}

/**
 * Starts a whole cluster and resolves when everything works; any number of them run side by side. Throws when one runs in
 * `stateDir` already, or when a server does not come up, in the words of its log; nothing is left running then. What
 * killed owners left running, here or elsewhere, is ended first.
 */
export async function startStack(options: StartOptions): Promise<Stack> {
  const { stateDir, endpointDelayMs = 100, sidecars = false, owned = true, log, onReady, signal } = options
  const names = sidecars ? [...TOOLS, 'pilot-agent' as const] : TOOLS
  const tools = await ensureTools({ names, ...only({ onProgress: options.onProgress, signal }) })
  const registry = openRegistry()
  const ended = await registry.endOrphans()
  if (ended.length > 0) log?.info({ stacks: ended }, 'ended what killed owners left running')
  const layout = await registry.enter(resolve(stateDir), (others) =>
    makeLayout(stateDir, endpointDelayMs, { others, sidecars }),
  )
  const template = await openTemplate(tools)
  const guard = await withLock(layout.path('lock'), async () => {
    await clear(layout)
    const watching = startGuard(layout)
    own(layout, watching.pid)
    const began = performance.now()
    const tell = (server: ServerName): void => {
      log?.info({ server, afterMs: Math.round(performance.now() - began) }, 'server is ready')
      onReady?.(server)
    }
    try {
      await startServers({ layout, tools, template, onReady: tell, ...only({ signal }) })
      return watching
    } catch (error) {
      await stopStack(layout)
      watching.dismiss()
      throw error
    }
  })
  if (!owned) {
    disown(layout)
    guard.dismiss()
  }
  return stackOf(layout, () => guard.dismiss())
}

/** Ends what is left of a stack that was broken off or lost some of its servers; throws when it is somebody's. */
async function clear(layout: Layout): Promise<void> {
  const running = runningServers(layout)
  if (running.length === 0) return
  const state = stateOfOwner(layout)
  if (state === 'alive' || (state === 'nobody' && running.length === SERVER_NAMES.length))
    throw new Error(`a stack runs in ${layout.stateDir} already (${running.join(', ')})`)
  await stopStack(layout)
}

/** A stack that was started by whomever, running or not. Throws when there is none in `stateDir`. */
export function openStack(stateDir: string): Stack {
  return stackOf(openLayout(stateDir), () => undefined)
}

const TOOLS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kubectl',
  'istiod',
  'mesh-crds',
  'temporal',
  'prometheus',
  'envoy',
] as const

function stackOf(layout: Layout, onStopped: () => void): Stack {
  const { ports, kubeconfig, auditLog, stateDir } = layout
  const at = (port: number): string => `http://127.0.0.1:${port}`
  return {
    stateDir,
    urls: {
      apiserver: `https://127.0.0.1:${ports.apiserver}`,
      gateway: at(ports.gateway),
      gatewayAdmin: at(ports.gatewayAdmin),
      prometheus: at(ports.prometheus),
      temporal: `127.0.0.1:${ports.temporal}`,
      temporalUi: at(ports.temporalUi),
    },
    kubeconfigs: kubeconfig,
    auditLog,
    server: (name) => handleOf(layout, name),
    async stop() {
      await withLock(layout.path('lock'), () => stopStack(layout))
      onStopped()
    },
  }
}

function handleOf(layout: Layout, name: ServerName): ServerHandle {
  if (!SERVER_NAMES.includes(name)) throw new Error(`there is no server ${name}; there are ${SERVER_NAMES.join(', ')}`)
  return {
    name,
    logFile: layout.logOf(name),
    pid: () => runningOf(layout, name)?.pid,
    async start() {
      await launch(layout, name, await ensureTools({ names: TOOLS }))
      await untilReady(layout, name)
    },
    stop: () => end(layout, name),
    kill: () => kill(layout, name),
  }
}

/** Optional properties may be absent, not undefined. */
function only<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
