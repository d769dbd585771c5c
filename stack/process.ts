import { spawn } from 'node:child_process'
import { closeSync, existsSync, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { identify, isAlive, type ProcessIdentity } from '../tools/identity.ts'
import type { Layout } from './layout.ts'
import { type ServerName, serverOf, type Tools } from './servers/index.ts'

const READY_WITHIN_MS = 120_000
const LOOK_EVERY_MS = 25
const TERM_MS = 10_000
const KILL_MS = 5_000
const LAST_LINES = 15

/** A server that was started: which process it is, when, and where its log began. */
export type RunRecord = ProcessIdentity & { since: string; logFrom: number }

/** What was last started under this name, running or not. */
export function recordOf(layout: Layout, name: ServerName): RunRecord | undefined {
  const file = recordFile(layout, name)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RunRecord) : undefined
}

/** The running process; undefined when the server does not run. */
export function runningOf(layout: Layout, name: ServerName): RunRecord | undefined {
  const record = recordOf(layout, name)
  return record !== undefined && isAlive(record) ? record : undefined
}

/**
 * Starts a server on its own ports and data, in a group of its own that outlives us, and puts it on record.
 * Returns at once. Throws when it runs already or cannot be executed.
 */
export async function launch(layout: Layout, name: ServerName, tools: Tools): Promise<void> {
  if (runningOf(layout, name) !== undefined) throw new Error(`${name} runs already`)
  const server = serverOf(layout, name)
  await server.configure?.()
  const log = openSync(layout.logOf(name), 'a')
  const logFrom = fstatSync(log).size
  const child = spawn(server.command(tools), server.args, {
    cwd: layout.stateDir,
    env: { ...process.env, ...server.env },
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  // Synchronous: nothing may happen between a process's start and its record, our own end included.
  const identity = child.pid === undefined ? undefined : identify(child.pid)
  if (identity !== undefined) writeRecord(layout, name, { ...identity, since: new Date().toISOString(), logFrom })
  const failed = await new Promise<Error | undefined>((resolve) => {
    child.once('error', resolve)
    child.once('spawn', () => resolve(undefined))
  })
  child.unref()
  if (failed !== undefined) throw new Error(`${name} could not be started: ${failed.message}`)
}

/** Waits until the server works. Throws, with the end of its log, when it ends instead or takes longer than two minutes. */
export async function untilReady(layout: Layout, name: ServerName, signal?: AbortSignal): Promise<void> {
  const server = serverOf(layout, name)
  const deadline = Date.now() + READY_WITHIN_MS
  for (;;) {
    signal?.throwIfAborted()
    const record = runningOf(layout, name)
    if (record === undefined) throw new Error(`${name} ended while it was starting:\n${lastLines(layout, name)}`)
    if (await server.ready(record.logFrom)) return
    if (Date.now() > deadline) {
      throw new Error(`${name} is not ready after ${READY_WITHIN_MS / 1_000} s:\n${lastLines(layout, name)}`)
    }
    await sleep(LOOK_EVERY_MS)
  }
}

/** True when the server runs and works at this moment. */
export async function isHealthy(layout: Layout, name: ServerName): Promise<boolean> {
  const record = runningOf(layout, name)
  return record !== undefined && serverOf(layout, name).ready(record.logFrom)
}

/** SIGTERM, then SIGKILL for whoever takes longer than ten seconds. A server that does not run is fine. */
export async function end(layout: Layout, name: ServerName): Promise<void> {
  const record = runningOf(layout, name)
  if (record === undefined) return
  signalProcess(record, 'SIGTERM')
  if (!(await gone(record, TERM_MS))) await kill(layout, name)
}

/** SIGKILL. Resolves when the process is gone, throws when it is still there after five seconds. */
export async function kill(layout: Layout, name: ServerName): Promise<void> {
  const record = runningOf(layout, name)
  if (record === undefined) return
  signalProcess(record, 'SIGKILL')
  if (!(await gone(record, KILL_MS))) throw new Error(`${name} (pid ${record.pid}) does not end`)
}

/** Forgets a server that was ended on purpose. */
export function forget(layout: Layout, name: ServerName): void {
  rmSync(recordFile(layout, name), { force: true })
}

async function gone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs
  while (isAlive(identity)) {
    if (Date.now() > deadline) return false
    await sleep(LOOK_EVERY_MS)
  }
  return true
}

function signalProcess({ pid }: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function lastLines(layout: Layout, name: ServerName): string {
  return readFileSync(layout.logOf(name), 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n')
}

function recordFile(layout: Layout, name: ServerName): string {
  return layout.path('run', `${name}.json`)
}

function writeRecord(layout: Layout, name: ServerName, record: RunRecord): void {
  const file = recordFile(layout, name)
  writeFileSync(`${file}.new`, JSON.stringify(record))
  renameSync(`${file}.new`, file)
}
