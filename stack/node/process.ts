import { spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { constants } from 'node:os'
import { signalGroup, type Records } from './records.ts'

export type Exit = { exitCode: number; signal?: number; reason: 'Completed' | 'Error' | 'StartError'; message: string }

export type Running = {
  startedAt: string
  /** Where its output begins in the log, in bytes. */
  logFrom: number
  exited: Promise<Exit>
  signal(name: NodeJS.Signals): void
}

type Launch = { command: string[]; env: Record<string, string>; directory: string; logFile: string; records: Records }

const LAST_LINE_WITHIN = 4_096

/**
 * Starts a process in a group of its own. Output goes straight into the log file, so that it does not end with us. A
 * command that cannot be started is an exit with 128, as container runtimes report it; this never throws for it.
 */
export function launch({ command, env, directory, logFile, records }: Launch): Running {
  const log = openSync(logFile, 'a+')
  const from = fstatSync(log).size
  const [program = '', ...args] = command
  const child = spawn(program, args, { cwd: directory, env, stdio: ['ignore', log, log], detached: true })
  const { pid } = child
  if (pid !== undefined) records.add(pid)
  const { promise: exited, resolve } = Promise.withResolvers<Exit>()
  function end(exit: Exit): void {
    if (pid !== undefined) {
      signalGroup(pid, 'SIGKILL') // what it started ends with it, as in a container
      records.remove(pid)
    }
    closeSync(log)
    resolve(exit)
  }
  child.once('error', (error) => {
    if (pid === undefined) end({ exitCode: 128, reason: 'StartError', message: `cannot start: ${error.message}` })
  })
  child.once('exit', (code, signal) => end(exitOf(code, signal, lastLine(log, from))))
  return {
    startedAt: now(),
    logFrom: from,
    exited,
    signal: (name) => {
      if (pid !== undefined && child.exitCode === null && child.signalCode === null) signalGroup(pid, name)
    },
  }
}

/** Kubernetes' times have no fractions of a second. */
export const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z')

function exitOf(code: number | null, signal: NodeJS.Signals | null, message: string): Exit {
  if (signal !== null) {
    const number = constants.signals[signal]
    return { exitCode: 128 + number, signal: number, reason: 'Error', message: message || `ended by ${signal}` }
  }
  return { exitCode: code ?? 1, reason: code === 0 ? 'Completed' : 'Error', message }
}

function lastLine(log: number, from: number): string {
  const { size } = fstatSync(log)
  const start = Math.max(from, size - LAST_LINE_WITHIN)
  const buffer = Buffer.alloc(Math.max(0, size - start))
  readSync(log, buffer, 0, buffer.length, start)
  return buffer.toString('utf8').trimEnd().split('\n').at(-1)?.trim() ?? ''
}
