import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../stack/node/ports.ts'

export type EngineOptions = {
  /** Of the engine's own ServiceAccount. */
  kubeconfig: string
  /** host:port */
  temporal: string
  cluster: string
  /** Folder of the repositories that it may read. */
  sourceFiles: string
  logFile: string
}

export type Engine = {
  /** Base URL of its webhooks. */
  url: string
  /** Resolves with a sentence when the process ends without having been told to. */
  ended: Promise<string>
  stop: () => Promise<void>
}

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const LEASH = fileURLToPath(new URL('leash.ts', import.meta.url))
const START_MS = 60_000

/**
 * The engine as it runs in a cluster, controller and worker in one process. Resolves when it is ready to work. It ends
 * with this process, however that ends.
 */
export async function startEngine({ logFile, ...options }: EngineOptions): Promise<Engine> {
  const { kubeconfig, temporal, cluster, sourceFiles } = options
  const healthPort = await freePort()
  const log = openSync(logFile, 'a')
  const flags = ['--kubeconfig', kubeconfig, '--temporal-address', temporal, '--cluster', cluster]
  const source = ['--source-files', sourceFiles]
  const health = ['--health-port', `${healthPort}`, '--health-host', '127.0.0.1']
  const child = spawn(process.execPath, [LEASH, MAIN, 'all', ...flags, ...source, ...health], {
    stdio: ['pipe', log, log],
  })
  // An engine that has ended does not read any more.
  child.stdin?.on('error', () => undefined)
  const exited = once(child, 'exit').then(([code, signal]) => `the engine ended (${code ?? signal}); see ${logFile}`)
  async function stop(): Promise<void> {
    child.stdin?.end()
    await exited
  }
  try {
    await Promise.race([untilReady(healthPort), exited.then((why) => Promise.reject(new Error(why)))])
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `http://127.0.0.1:${healthPort}`, ended: exited, stop }
}

async function untilReady(port: number): Promise<void> {
  const deadline = Date.now() + START_MS
  while (!(await isReady(port))) {
    if (Date.now() > deadline) throw new Error(`the engine is not ready after ${START_MS / 1_000} s`)
    await sleep(100)
  }
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
    (response) => response.ok,
    () => false,
  )
