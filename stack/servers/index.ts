import type { Layout } from '../layout.ts'
import { agent } from './agent.ts'
import { apiserver } from './apiserver.ts'
import { controllers } from './controllers.ts'
import { etcd } from './etcd.ts'
import { gateway } from './gateway.ts'
import { istiod } from './istiod.ts'
import { prometheus } from './prometheus.ts'
import type { Server, ServerFactory } from './server.ts'
import { temporal } from './temporal.ts'

const FACTORIES = {
  etcd,
  apiserver,
  controllers,
  istiod,
  gateway,
  prometheus,
  temporal,
  agent,
} satisfies Record<string, ServerFactory>

export type ServerName = keyof typeof FACTORIES

export const SERVER_NAMES = Object.keys(FACTORIES) as ServerName[]

export function serverOf(layout: Layout, name: ServerName): Server {
  return FACTORIES[name](layout)
}

export type { Server, Tools } from './server.ts'
