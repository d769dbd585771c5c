import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, type Engine } from './engine.ts'
import type { Access } from './ground.ts'

/** The API as a process of its own, under its own rights; it keeps its port and its secret over restarts. */
export type ApiProcess = AsyncDisposable &
  Pick<Engine, 'start' | 'kill' | 'stop'> & {
    url: string
    logFile: string
  }

/** Resolves when it knows the cluster. */
export async function startApiProcess({
  kubeconfigs,
  temporal,
  cluster,
  callbackSecret,
}: Pick<Access, 'kubeconfigs' | 'temporal' | 'cluster' | 'callbackSecret'>): Promise<ApiProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-api-'))
  const secret = join(folder, 'session')
  await writeFile(secret, randomBytes(32).toString('hex'), { mode: 0o600 })
  const port = await freePort()
  const logFile = join(folder, 'api.log')
  const flags = {
    'api-port': `${port}`,
    'api-host': '127.0.0.1',
    'session-secret-file': secret,
    'callback-secret-file': callbackSecret,
    'temporal-ui': 'http://temporal.local',
  }
  const api = createEngine({ role: 'api', kubeconfig: kubeconfigs.api, temporal, cluster, flags, logFile })
  await api.start()
  return {
    ...api,
    url: `http://127.0.0.1:${port}`,
    logFile,
    async [Symbol.asyncDispose]() {
      await api.stop()
      await rm(folder, { recursive: true })
    },
  }
}

/** What somebody would paste to sign in: the token of a kubeconfig. */
export async function tokenOf(kubeconfig: string): Promise<string> {
  const { users } = JSON.parse(await readFile(kubeconfig, 'utf8')) as { users: { user: { token: string } }[] }
  const token = users[0]?.user.token
  if (!token) throw new Error(`${kubeconfig} has no token`)
  return token
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
