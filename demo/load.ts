import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { LoadStats } from './tally.ts'

export type { LoadStats, VersionTally } from './tally.ts'

export type LoadOptions = {
  /** `http://HOST:PORT/PATH`. */
  url: string
  /** Sent as the Host header where it differs from the URL's. */
  host?: string
  headers?: Record<string, string>
  /** Requests per second, evenly spaced, whatever becomes of them; at most 2,000. */
  rps: number
  /** Without an answer for so long a request is lost; default 5 s. */
  timeoutMs?: number
  /** Answers beyond it count as slow; default 250. */
  slowerThanMs?: number
  /** Response header that names the version; default `x-version`. */
  versionHeader?: string
}

export type Load = {
  /** What was counted so far. */
  stats: () => Promise<LoadStats>
  /** What was counted since the last lap: answers count when they come, whenever they were asked for. */
  lap: () => Promise<LoadStats>
  /** Sends no more, waits for what is on its way, and gives the final counts; again and again when asked again. */
  stop: () => Promise<LoadStats>
}

/** What goes to the sender's thread. */
export type SenderOptions = Required<Omit<LoadOptions, 'host'>>
export type SenderCommand = 'stats' | 'lap' | 'stop'

/**
 * An open loop: requests leave when they are due, not when the last one was answered, from a thread of their own, so
 * that neither a slow service nor a busy caller makes the figures better than they are.
 */
export function startLoad({ host, headers = {}, ...options }: LoadOptions): Load {
  const workerData: SenderOptions = {
    timeoutMs: 5_000,
    slowerThanMs: 250,
    versionHeader: 'x-version',
    ...options,
    headers: host === undefined ? headers : { ...headers, host },
  }
  const worker = new Worker(new URL('./sender.ts', import.meta.url), { workerData })
  let turn: Promise<unknown> = once(worker, 'online')

  /** One question at a time: an answer does not say which question it belongs to. */
  function ask(command: SenderCommand): Promise<LoadStats> {
    const answer = turn.then(async () => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage(command)
      const [stats] = (await once(worker, 'message')) as [LoadStats]
      return stats
    })
    turn = answer.catch(() => undefined)
    return answer
  }

  async function end(): Promise<LoadStats> {
    const stats = await ask('stop')
    await worker.terminate()
    return stats
  }

  let ended: Promise<LoadStats> | undefined
  return {
    stats: () => ended ?? ask('stats'),
    lap: () => ask('lap'),
    stop: () => (ended ??= end()),
  }
}
