import { Agent, request } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'
import type { SenderCommand, SenderOptions } from './load.ts'
import { createTally } from './tally.ts'

/** The thread that sends: see `startLoad`. */
const options = workerData as SenderOptions
const whole = createTally(options)
let lap = createTally(options)
const agent = new Agent({ keepAlive: true, keepAliveMsecs: 60_000, maxSockets: Number.POSITIVE_INFINITY })
const begun = performance.now()
const everyMs = 1_000 / options.rps
const TICK_MS = Math.min(2, everyMs)
const underWay = new Set<Promise<void>>()
let due = 0

const ticking = setInterval(sendWhatIsDue, TICK_MS)
parentPort?.on('message', (command: SenderCommand) => void answer(command))

async function answer(command: SenderCommand): Promise<void> {
  if (command === 'stop') {
    clearInterval(ticking)
    await Promise.all(underWay)
    agent.destroy()
  }
  const tally = command === 'lap' ? lap : whole
  if (command === 'lap') lap = createTally(options)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(tally.stats())
}

function sendWhatIsDue(): void {
  for (; begun + due * everyMs <= performance.now(); due += 1) {
    const sending = send(begun + due * everyMs).finally(() => underWay.delete(sending))
    underWay.add(sending)
  }
}

/** Never rejects: whatever happens is counted. */
function send(dueAt: number): Promise<void> {
  const { url, headers, timeoutMs, versionHeader } = options
  const { promise, resolve } = Promise.withResolvers<void>()
  const sent = request(url, { agent, headers, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
    response.resume()
    response.once('error', (error) => lost(error))
    response.once('end', () => {
      const version = response.headers[versionHeader] as string | undefined
      const answer = {
        status: response.statusCode ?? 0,
        version,
        at: Date.now(),
        latencyMs: performance.now() - dueAt,
      }
      whole.answered(answer)
      lap.answered(answer)
      resolve()
    })
  })
  sent.once('error', (error) => lost(error))
  function lost(error: Error): void {
    const why = error.name === 'AbortError' ? `no answer within ${timeoutMs} ms` : error.message
    whole.lost(Date.now(), why)
    lap.lost(Date.now(), why)
    resolve()
  }
  whole.sent()
  lap.sent()
  sent.end()
  return promise
}
