import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, openSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type Role = 'all' | 'controller' | 'worker' | 'api'

export type EngineOptions = {
  role: Role
  kubeconfig: string
  /** host:port */
  temporal: string
  cluster: string
  /** For Sources; default: the one on `$PATH`. */
  kustomize?: string
  /** Flags of this role alone, without dashes. */
  flags?: Record<string, string>
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
  /** SIGTERM; SIGKILL when that takes longer than 20 s. */
  stop(): Promise<void>
}

const START_MS = 60_000
const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url))
const LEASH = fileURLToPath(new URL('../../demo/leash.ts', import.meta.url))

/** Its process ends with this one, however that ends. */
export function createEngine(options: EngineOptions): Engine {
  let child: ChildProcess | undefined
  async function end(word: 'kill' | ''): Promise<void> {
    const ending = child
    child = undefined
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
    const exited = once(ending, 'exit')
    ending.stdin?.end(word)
    await exited
  }
  return {
    role: options.role,
    async start() {
      if (child) throw new Error(`the ${options.role} is running already`)
      child = run(options)
      await untilRunning(child, options)
    },
    kill: () => end('kill'),
    stop: () => end(''),
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

function run({
  role,
  kubeconfig,
  temporal,
  cluster,
  kustomize = '',
  flags: own,
  logFile,
}: EngineOptions): ChildProcess {
  const flags = { kubeconfig, 'temporal-address': temporal, cluster, 'health-port': '0', 'health-host': '127.0.0.1' }
  // Everything that a Rollout names is on this machine.
  const local = { 'allow-local-targets': 'true' }
  const all = Object.entries({ ...flags, ...local, kustomize, ...own }).filter(([, value]) => value !== '')
  const args = all.flatMap(([name, value]) => [`--${name}`, value])
  const errors = openSync(logFile, 'a')
  const child = spawn(process.execPath, [LEASH, MAIN, role, ...args], { stdio: ['pipe', 'pipe', errors] })
  // An engine that has ended does not read any more.
  child.stdin?.on('error', () => undefined)
  return child
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
