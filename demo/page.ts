import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { freePort } from '../stack/node/ports.ts'
import { isFree } from '../stack/ports.ts'
import { startRole, type Engine } from './engine.ts'

export type PageOptions = {
  /** Of the API's own ServiceAccount. */
  kubeconfig: string
  /** Of a person who may approve. */
  approver: string
  temporalUi: string
  cluster: string
  /** Sign-ins outlive the API there. */
  stateDir: string
  logFile: string
}

/** What people look at, and with which token they sign in. */
export type Page = Pick<Engine, 'ended' | 'stop'> & { url: string; token: string }

const USUAL_PORT = 8090
const VITE = fileURLToPath(new URL('../ui/vite.config.ts', import.meta.url))

/** Builds the UI, in a few seconds, and serves it as in a cluster: under an identity that only watches. */
export async function startPage({ approver, stateDir, logFile, ...options }: PageOptions): Promise<Page> {
  const { kubeconfig, temporalUi, cluster } = options
  await build({ configFile: VITE, logLevel: 'error' })
  const port = (await isFree(USUAL_PORT)) ? USUAL_PORT : await freePort()
  const flags = {
    kubeconfig,
    cluster,
    'temporal-ui': temporalUi,
    'api-port': `${port}`,
    'api-host': '127.0.0.1',
    'session-secret-file': secretIn(stateDir),
  }
  const { ended, stop } = await startRole('api', flags, logFile)
  return { url: `http://localhost:${port}`, token: tokenOf(approver), ended, stop }
}

/** Made once per cluster: a page that was open before stays signed in. */
function secretIn(stateDir: string): string {
  const file = join(stateDir, 'session-secret')
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 })
  return file
}

function tokenOf(kubeconfig: string): string {
  const { users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as { users: { user: { token?: string } }[] }
  const token = users[0]?.user.token
  if (!token) throw new Error(`${kubeconfig} has no token`)
  return token
}
