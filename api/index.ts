import { randomBytes } from 'node:crypto'
import type { Kube, Log } from '../kube/index.ts'
import { openDoor } from './access.ts'
import { addressBehind } from './address.ts'
import { createApp } from './app.ts'
import { watchCluster } from './cluster.ts'
import { openFleet } from './fleet.ts'
import { createLedgers } from './ledgers.ts'
import { createOidc, type OidcOptions } from './oidc.ts'
import { CALLBACK } from './routes/sign-in.ts'
import { createSeal } from './seal.ts'
import { listen } from './server.ts'
import { createSessions } from './session.ts'
import { createStreams } from './stream.ts'
import { workflowLinks, type TemporalUi } from './workflow-link.ts'

/** Views of the cluster and one door for decisions: everybody with the rights that Kubernetes gives them. */
export type ApiOptions = {
  /** Of the API itself: it watches, and answers gates for those who have a callback's address. */
  kube: Pick<Kube, 'list' | 'watch' | 'create'>
  /** Of a caller, who brings a token. */
  kubeFor: (token: string) => Kube
  /** As browsers know it; https where a proxy ends TLS before this process. */
  publicUrl: string
  /** Addresses and CIDRs of the proxies whose X-Forwarded-For is believed; default: of none. */
  trustedProxies?: string[] | undefined
  /** What sessions are sealed with. Without it every start makes its own, and everybody signs in again. */
  sessionSecret?: string | undefined
  /** What the engine signs addresses of callbacks with, at least 32 characters. Without it none are taken. */
  callbackSecret?: string | undefined
  oidc?: Omit<OidcOptions, 'redirectUrl'> | undefined
  temporalUi?: TemporalUi | undefined
  /** Where `npm run build:ui` writes. */
  uiDirectory: string
  version: string
  log: Log
  onRestart?: (kind: string) => void
}

export type Api = {
  /** Everything that is there is known. */
  ready(): boolean
  /** Epoch milliseconds of the last sign of life of the watch that has been silent longest. */
  lastActivity(): number
  stop(): Promise<void>
}

/** `env`: what the HTTP server knows of the request besides. */
export type Fetch = (request: Request, env?: object) => Response | Promise<Response>
export type ApiServer = Api & { port: number }

/** Watches the cluster at once, and answers requests as soon as everything is known. */
export function createApi(options: ApiOptions): Api & { fetch: Fetch } {
  const { log, oidc, kube, callbackSecret } = options
  const stopping = new AbortController()
  const cluster = watchCluster(options)
  const fleet = openFleet(cluster)
  let isKnown = false
  const known = cluster.synced.then(() => fleet.catchUp()).then(() => void (isKnown = true))
  const publicUrl = new URL(options.publicUrl)
  const seal = createSeal(options.sessionSecret ?? randomBytes(32).toString('hex'))
  const app = createApp({
    cluster,
    fleet,
    ledgers: createLedgers(log),
    door: openDoor(options),
    seal,
    sessions: createSessions({ seal, secure: publicUrl.protocol === 'https:' }),
    oidc: oidc && createOidc({ ...oidc, redirectUrl: new URL(CALLBACK, publicUrl).href }),
    callbacks: callbackSecret === undefined ? undefined : { secret: callbackSecret, kube },
    publicUrl,
    addressOf: addressBehind(options.trustedProxies ?? []),
    workflowUrl: workflowLinks(options.temporalUi),
    streams: createStreams({ stopping: stopping.signal, log }),
    known,
    log,
    version: options.version,
    uiDirectory: options.uiDirectory,
  })
  return {
    fetch: (request, env) => app.fetch(request, env),
    ready: () => isKnown,
    lastActivity: () => cluster.lastActivity(),
    async stop() {
      stopping.abort()
      fleet.stop()
      await cluster.stop()
    },
  }
}

/** As `createApi`, on a port; 0 picks a free one. Without `publicUrl` it is for browsers of this machine. Rejects when the port is taken. */
export async function startApi({ port, host, publicUrl, ...options }: Serving): Promise<ApiServer> {
  let api: ReturnType<typeof createApi> | undefined
  const server = await listen((request, env) => api?.fetch(request, env) ?? new Response(null, { status: 503 }), {
    port,
    host,
  })
  const opened = createApi({ ...options, publicUrl: publicUrl ?? `http://localhost:${server.port}` })
  api = opened
  return {
    ...opened,
    port: server.port,
    async stop() {
      await Promise.all([opened.stop(), server.close()])
    },
  }
}

type Serving = Omit<ApiOptions, 'publicUrl'> & { port: number; host: string; publicUrl?: string | undefined }
