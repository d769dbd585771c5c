import { streamSSE } from 'hono/streaming'
import { describeError, isUnauthorized, type Log } from '../kube/index.ts'
import type { ApiContext } from './context.ts'
import { Refusal } from './refusal.ts'

/** `json` is one line. */
export type Message = { event: string; json: string; id?: string }

export type Out = {
  /** All of them in one write; resolves when the browser has room for more. */
  tell(messages: Message[]): Promise<void>
  /** The browser went, or the process ends. */
  ended: AbortSignal
}

/** Server-sent events. */
export type Streams = {
  /**
   * Runs `follow` until the browser goes. What it throws ends the stream: the browser comes back, and is told why then.
   * Throws `Refusal` when the person has more of them open than anybody looks at.
   */
  open(c: ApiContext, follow: (out: Out) => Promise<void>): Response
}

/** Proxies end what is silent. */
const PING_MS = 15_000
/** How soon a browser comes back after a cut. */
const RETRY_MS = 1_000
const MOST_PER_PERSON = 50

/** All of them end when `stopping` aborts. */
export function createStreams({ stopping, log }: { stopping: AbortSignal; log: Log }): Streams {
  const open = new Map<string, number>()
  const count = (person: string, by: 1 | -1): void => {
    const next = (open.get(person) ?? 0) + by
    if (next === 0) open.delete(person)
    else open.set(person, next)
  }
  return {
    open(c, follow) {
      const person = c.get('person')
      if ((open.get(person) ?? 0) >= MOST_PER_PERSON) {
        throw new Refusal(429, `there are ${MOST_PER_PERSON} streams of yours open already: close a tab`)
      }
      count(person, 1)
      c.header('x-accel-buffering', 'no')
      return streamSSE(c, async (stream) => {
        const gone = new AbortController()
        stream.onAbort(() => gone.abort())
        const ended = AbortSignal.any([gone.signal, stopping])
        const ping = setInterval(() => void stream.write(': ping\n\n'), PING_MS)
        try {
          await stream.write(`retry: ${RETRY_MS}\n\n`)
          await follow({
            ended,
            tell: async (messages) => {
              if (messages.length > 0 && !ended.aborted) await stream.write(messages.map(textOf).join(''))
            },
          })
        } catch (error) {
          if (!ended.aborted && !isUnauthorized(error)) log.warn({ error: describeError(error) }, 'a stream ended')
        } finally {
          clearInterval(ping)
          count(person, -1)
        }
      })
    },
  }
}

const textOf = ({ event, json, id }: Message): string =>
  `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${json}\n\n`
