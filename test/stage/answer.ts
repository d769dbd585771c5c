import { request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

const WITHIN_MS = 30_000
const BETWEEN_MS = 50

/** Resolves when the gateway has somebody who answers for this host: endpoints come a moment after readiness. */
export async function untilAnswered(url: string, host: string): Promise<void> {
  const deadline = Date.now() + WITHIN_MS
  for (;;) {
    const status = await statusOf(url, host)
    if (status === 200) return
    if (Date.now() > deadline) throw new Error(`${host} answers ${status} after ${WITHIN_MS / 1_000} s`)
    await pause(BETWEEN_MS)
  }
}

/** Of one request on a connection of its own; the words of the error where there is no answer within two seconds. */
export function statusOf(url: string, host: string): Promise<number | string> {
  const { promise, resolve } = Promise.withResolvers<number | string>()
  const options = { headers: { host }, agent: false, signal: AbortSignal.timeout(2_000) } as const
  const asked = request(url, options, (response) => {
    response.resume()
    resolve(response.statusCode ?? 0)
  })
  asked.once('error', (error) => resolve(error.message))
  asked.end()
  return promise
}
