import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { connect } from 'node:net'

const TIMEOUT_MS = 1_000

/** The status of one GET on the loopback address; undefined when nothing answers within a second. */
export function statusOf(url: string, caFile?: string): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>()
  const options = { timeout: TIMEOUT_MS, agent: false as const }
  const request = url.startsWith('https:')
    ? https.get(url, { ...options, ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }) }, answered)
    : http.get(url, options, answered)
  request.once('timeout', () => request.destroy())
  request.once('error', () => resolve(undefined))
  request.once('close', () => resolve(undefined))
  return promise

  function answered(response: http.IncomingMessage): void {
    response.resume()
    resolve(response.statusCode)
  }
}

/** True when something accepts connections on this loopback port. */
export function isOpen(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ port, host: '127.0.0.1', timeout: TIMEOUT_MS })
  socket.once('connect', () => {
    resolve(true)
    socket.destroy()
  })
  socket.once('timeout', () => socket.destroy())
  socket.once('error', () => resolve(false))
  socket.once('close', () => resolve(false))
  return promise
}
