import type { Context } from 'hono'
import type { Kube, Log } from '../kube/index.ts'
import type { Caller, Door } from './access.ts'
import type { Cluster } from './cluster.ts'
import type { Fleet } from './fleet.ts'
import type { Ledgers } from './ledgers.ts'
import type { Oidc } from './oidc.ts'
import type { Seal } from './seal.ts'
import type { Sessions } from './session.ts'
import type { Streams } from './stream.ts'

/** What routes are made of. */
export type Parts = {
  cluster: Cluster
  fleet: Fleet
  ledgers: Ledgers
  door: Door
  sessions: Sessions
  seal: Seal
  oidc: Oidc | undefined
  /** How answers by address are read, and by whose right they count; undefined where none are taken. */
  callbacks: { secret: string; kube: Pick<Kube, 'create'> } | undefined
  /** https://host of the UI, as browsers know it. */
  publicUrl: URL
  /** Where a request comes from. */
  addressOf: (c: ApiContext) => string
  /** Address of a run in Temporal's own UI. */
  workflowUrl: (namespace: string, rollout: string) => string | undefined
  streams: Streams
  /** Everything that is there is known. */
  known: Promise<void>
  log: Log
}

/** What the middlewares found out about a request. */
export type Env = {
  Variables: {
    /** Whom a request is counted for before the API server is asked who it is of. */
    visitor: { kind: 'person' | 'address'; name: string }
    caller: Caller
    /** Name of the caller, as the API server knows them: the same whatever token they come with. */
    person: string
  }
}
export type ApiContext = Context<Env>
