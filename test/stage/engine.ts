import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, openSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type Role = 'all' | 'controller' | 'worker'

export type EngineOptions = {
  role: Role
  kubeconfig: string
  /** host:port */
  temporal: string
  cluster: string
  /** Lines are appended; a restart goes on in the same file. */
  logFile: string
}

/** One process of the engine, as it runs in a cluster, under its own rights. */
export type Engine = {
  role: Role
  /** Resolves when the process says that it runs. */
  start(): Promise<void>
  /** SIGKILL: no good-bye to anybody. Resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM. */
  stop(): Promise<void>
}

const START_MS = 60_000
const STOP_MS = 20_000
const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url))

export function createEngine(options: EngineOptions): Engine {
  let child: ChildProcess | undefined
  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const ending = child
    child = undefined
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
    const exited = once(ending, 'exit')
    ending.kill(signal)
    const late = setTimeout(() => ending.kill('SIGKILL'), STOP_MS)
    await exited
    clearTimeout(late)
  }
  return {
    role: options.role,
    async start() {
      if (child) throw new Error(`the ${options.role} is running already`)
      child = run(options)
      await untilRunning(child, options)
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  }
}

/** The last lines of a log, as far as they are about `subject` where one is given. */
export function tail(logFile: string, count: number, subject = ''): string {
  const lines = readFileSync(logFile, 'utf8').split('\n')
  return lines
    .filter((line) => line.includes(subject))
    .slice(-count)
    .join('\n')
}

function run({ role, kubeconfig, temporal, cluster, logFile }: EngineOptions): ChildProcess {
  const flags = { kubeconfig, 'temporal-address': temporal, cluster, 'health-port': '0', 'health-host': '127.0.0.1' }
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])
  const errors = openSync(logFile, 'a')
  return spawn(process.execPath, [MAIN, role, ...args], { stdio: ['ignore', 'pipe', errors] })
}

async function untilRunning(child: ChildProcess, { role, logFile }: EngineOptions): Promise<void> {
  const log = createWriteStream(logFile, { flags: 'a' })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const late = setTimeout(() => reject(new Error(notUp(role, 'is not up after 60 s', logFile))), START_MS)
  child.once('exit', (code, signal) => reject(new Error(notUp(role, `ended (${code ?? signal})`, logFile))))
  createInterface({ input: child.stdout! }).on('line', (line) => {
    log.write(`${line}\n`)
    if (line.includes('"msg":"running"')) resolve()
  })
  try {
    await promise
  } finally {
    clearTimeout(late)
  }
}

const notUp = (role: Role, what: string, logFile: string): string => `the ${role} ${what}:\n${tail(logFile, 20)}`
