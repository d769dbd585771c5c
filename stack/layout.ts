import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { choosePorts, PORT_NAMES, type Ports } from './ports.ts'

/** Where `npm run stack` and the demo have their cluster when nothing else is said. */
export const DEFAULT_STATE_DIR = fileURLToPath(new URL('../.state/stack', import.meta.url))

/** Who may be in a kubeconfig: an admin, three people with different roles, the engine, its API, and the servers' own users. */
export const USERS = ['admin', 'alice', 'bob', 'ada', 'engine', 'api', 'istiod', 'controllers', 'agent'] as const
export type User = (typeof USERS)[number]
/** Identities of the cluster's own: the API server makes their tokens. */
export type Service = 'engine' | 'api'

/** Where everything of one stack is; what is chosen once, stays. */
export type Layout = {
  stateDir: string
  ports: Ports
  /** From a pod's readiness to its address in the mesh, milliseconds. */
  endpointDelayMs: number
  /** Pods may have a proxy of their own, with a certificate of istiod's. */
  sidecars: boolean
  pki: { ca: string; certificate: string; key: string; accountKey: string; accountPublicKey: string }
  tokens: string
  auditLog: string
  kubeconfig: Record<User, string>
  /** A file or folder of the stack's own. */
  path: (...parts: string[]) => string
  logOf: (server: string) => string
}

type State = { ports: Ports; endpointDelayMs: number; sidecars?: boolean }

/** The layout of a stack that was made before. Throws when there is none. */
export function openLayout(stateDir: string): Layout {
  const home = resolve(stateDir)
  if (!existsSync(stateFile(home))) throw new Error(`there is no stack in ${home}: bring one up first`)
  return layoutOf(home, JSON.parse(readFileSync(stateFile(home), 'utf8')) as State)
}

/** A stack was made there before. */
export const isMade = (stateDir: string): boolean => existsSync(stateFile(resolve(stateDir)))

/**
 * The layout of a stack that is to be started: the ports of an earlier start in this folder are kept, those of `others`
 * are left to them, running or not.
 */
export async function makeLayout(
  stateDir: string,
  endpointDelayMs: number,
  { others = [], sidecars = false }: { others?: Layout[]; sidecars?: boolean } = {},
): Promise<Layout> {
  const home = resolve(stateDir)
  for (const folder of ['pki', 'kubeconfig', 'config', 'run', 'logs']) {
    mkdirSync(join(home, folder), { recursive: true, mode: 0o700 })
  }
  const kept = existsSync(stateFile(home)) ? openLayout(home).ports : undefined
  // A stack of an earlier version may lack one.
  const ports = kept && PORT_NAMES.every((name) => name in kept) ? kept : await choosePorts(portsOf(others))
  const state: State = { ports, endpointDelayMs, sidecars }
  writeFileSync(`${stateFile(home)}.new`, JSON.stringify(state, undefined, 2))
  renameSync(`${stateFile(home)}.new`, stateFile(home))
  return layoutOf(home, state)
}

function portsOf(layouts: Layout[]): Set<number> {
  return new Set(layouts.flatMap(({ ports }) => Object.values(ports)))
}

function stateFile(home: string): string {
  return join(home, 'stack.json')
}

function layoutOf(stateDir: string, { ports, endpointDelayMs, sidecars = false }: State): Layout {
  const path = (...parts: string[]): string => join(stateDir, ...parts)
  return {
    stateDir,
    ports,
    endpointDelayMs,
    sidecars,
    pki: {
      ca: path('pki', 'ca.crt'),
      certificate: path('pki', 'server.crt'),
      key: path('pki', 'server.key'),
      accountKey: path('pki', 'sa.key'),
      accountPublicKey: path('pki', 'sa.pub'),
    },
    tokens: path('pki', 'tokens.csv'),
    auditLog: path('audit.log'),
    kubeconfig: Object.fromEntries(USERS.map((user) => [user, path('kubeconfig', user)])) as Record<User, string>,
    path,
    logOf: (server) => path('logs', `${server}.log`),
  }
}
