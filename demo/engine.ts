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

/** A process of the engine's. */
export type Engine = {
  /** Base URL of what it serves for machines: its health, its webhooks. */
  url: string
  /** Resolves with a sentence when the process ends without having been told to. */
  ended: Promise<string>
  stop: () => Promise<void>
}

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const LEASH = fileURLToPath(new URL('leash.ts', import.meta.url))
const START_MS = 60_000

/** The engine as it runs in a cluster, controller and worker in one process. */
export const startEngine = ({ temporal, sourceFiles, logFile, ...flags }: EngineOptions): Promise<Engine> =>
  startRole(
    'all',
    { ...flags, 'temporal-address': temporal, 'source-files': sourceFiles, 'allow-local-targets': 'true' },
    logFile,
  )

/** One role of `main.ts`. Resolves when it is ready to work. It ends with this process, however that ends. */
export async function startRole(role: 'all' | 'api', flags: Record<string, string>, logFile: string): Promise<Engine> {
  const healthPort = await freePort()
  const log = openSync(logFile, 'a')
  const all = { ...flags, 'health-port': `${healthPort}`, 'health-host': '127.0.0.1' }
  const words = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn(process.execPath, [LEASH, MAIN, role, ...words], { stdio: ['pipe', log, log] })
  // An engine that has ended does not read any more.
  child.stdin?.on('error', () => undefined)
  const name = role === 'all' ? 'engine' : role
  const exited = once(child, 'exit').then(([code, signal]) => `the ${name} ended (${code ?? signal}); see ${logFile}`)
  async function stop(): Promise<void> {
    child.stdin?.end()
    await exited
  }
  try {
    await Promise.race([untilReady(name, healthPort), exited.then((why) => Promise.reject(new Error(why)))])
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `http://127.0.0.1:${healthPort}`, ended: exited, stop }
}

async function untilReady(name: string, port: number): Promise<void> {
  const deadline = Date.now() + START_MS
  while (!(await isReady(port))) {
    if (Date.now() > deadline) throw new Error(`the ${name} is not ready after ${START_MS / 1_000} s`)
    await sleep(100)
  }
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
    (response) => response.ok,
    () => false,
  )
