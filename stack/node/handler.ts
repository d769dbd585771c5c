import { spawn } from 'node:child_process'
import { request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Place } from './command.ts'
import type { Container, Handler } from './pod.ts'
import { signalGroup, type Records } from './records.ts'

/** How it went, in a kubelet's words where it did not go well. */
export type Outcome = { ok: true } | { ok: false; words: string }

export type Target = {
  container: Container
  place: Place
  /** This machine's ports by name. */
  ports: Record<string, number>
  records: Records
  /** Ends what is being asked or done. */
  signal?: AbortSignal
}

const LONGEST_OUTPUT = 1_024

/** Asks or does it once, within `timeoutMs`. Never rejects. */
export async function handle(handler: Handler, target: Target, timeoutMs: number): Promise<Outcome> {
  if (handler.httpGet) return get(handler.httpGet, portOf(target, handler.httpGet.port), timeoutMs)
  if (handler.tcpSocket) return open(portOf(target, handler.tcpSocket.port), timeoutMs)
  if (handler.exec) return run(handler.exec.command ?? [], target, timeoutMs)
  await sleep(Math.min(timeoutMs, (handler.sleep?.seconds ?? 0) * 1_000))
  return { ok: true }
}

/** 0, where nothing can listen, for a port that no process was given: elsewhere nothing would listen on it either. */
function portOf({ container: { ports = [] }, ports: local }: Target, wanted: number | string): number {
  const declared = ports.find(({ name, containerPort }) => name === wanted || containerPort === wanted)
  return local[declared?.name ?? String(declared?.containerPort ?? wanted)] ?? 0
}

/** 200 to 399 in time is a success; everything else is none. */
function get(
  { path = '/', httpHeaders = [] }: NonNullable<Handler['httpGet']>,
  port: number,
  timeoutMs: number,
): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const failed = (words: string): void => resolve({ ok: false, words })
  const headers = Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]))
  const signal = AbortSignal.timeout(timeoutMs)
  const asked = request({ host: '127.0.0.1', port, path, headers, agent: false, signal }, (response) => {
    response.resume()
    const code = response.statusCode ?? 0
    if (code >= 200 && code < 400) resolve({ ok: true })
    else failed(`HTTP probe failed with statuscode: ${code}`)
  })
  asked.once('error', (error) => failed(signal.aborted ? `no answer within ${timeoutMs} ms` : error.message))
  asked.once('close', () => failed('the connection was closed'))
  asked.end()
  return promise
}

function open(port: number, timeoutMs: number): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const socket = connect({ port, host: '127.0.0.1', timeout: timeoutMs })
  socket.once('connect', () => {
    resolve({ ok: true })
    socket.destroy()
  })
  socket.once('timeout', () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)))
  socket.once('error', (error) => resolve({ ok: false, words: error.message }))
  return promise
}

/** In a group of its own and on record, as the container itself: nothing of it is left when it, or we, end. */
function run(
  [program = '', ...args]: string[],
  { place, records, signal }: Target,
  timeoutMs: number,
): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const child = spawn(program, args, { cwd: place.directory, env: place.env, detached: true })
  const { pid } = child
  if (pid !== undefined) records.add(pid)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(0, LONGEST_OUTPUT)))
  }
  let late = false
  const kill = (): void => {
    late = true
    if (pid !== undefined) signalGroup(pid, 'SIGKILL')
  }
  const timer = setTimeout(kill, timeoutMs)
  signal?.addEventListener('abort', kill)
  const end = (outcome: Outcome): void => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', kill)
    if (pid !== undefined) signalGroup(pid, 'SIGKILL')
    if (pid !== undefined) records.remove(pid)
    resolve(outcome)
  }
  child.once('error', (error) => end({ ok: false, words: error.message }))
  child.once('exit', (code) => {
    const words = late ? `command timed out after ${timeoutMs} ms` : said.trim() || `command exited with ${code}`
    end(code === 0 && !late ? { ok: true } : { ok: false, words })
  })
  return promise
}
