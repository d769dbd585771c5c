import { eventReader, type Message } from './events.ts'

/** `lost`: what is shown may be old; it is tried again by itself. `refused`: the server said no, so it is not. */
export type Link = 'connecting' | 'live' | 'lost' | 'refused'

/** How things stand between the page and the server. */
export type Line = {
  link: Link
  refusal?: Refusal
  /** Since when nothing comes, epoch milliseconds. */
  lostAt?: number
}

export type StreamOptions = {
  url: string
  onMessage: (message: Message) => void
  onLink: (link: Link, refusal?: Refusal) => void
}

export type Refusal = { status: number; sentence: string }

/** The server says something every 15 s, so this long a silence is a line that died without a word. */
const SILENCE_MS = 40_000
const PAUSES_MS = [250, 1_000, 2_000, 5_000]

/**
 * Follows a server-sent event stream until the returned function is called. Not an EventSource: that one tells neither
 * why it was refused nor that nothing has come for a minute.
 */
export function openStream(options: StreamOptions): () => void {
  const closed = new AbortController()
  void follow(options, closed.signal)
  return () => closed.abort()
}

type Place = { lastId?: string | undefined; failures: number }

async function follow(options: StreamOptions, closed: AbortSignal): Promise<void> {
  const place: Place = { failures: 0 }
  options.onLink('connecting')
  while (!closed.aborted) {
    const refusal = await once(options, place, closed)
    if (closed.aborted) return
    if (refusal) return options.onLink('refused', refusal)
    options.onLink('lost')
    await pause(PAUSES_MS[Math.min(place.failures, PAUSES_MS.length - 1)] ?? 0, closed)
    place.failures += 1
  }
}

/** One connection, to its end. A dropped line is no error here: the caller connects again. */
async function once(options: StreamOptions, place: Place, closed: AbortSignal): Promise<Refusal | undefined> {
  const silence = new AbortController()
  const signal = AbortSignal.any([closed, silence.signal])
  let timer = setTimeout(() => silence.abort(), SILENCE_MS)
  try {
    const headers = { accept: 'text/event-stream', ...(place.lastId ? { 'last-event-id': place.lastId } : {}) }
    const response = await fetch(options.url, { signal, headers })
    if (!response.ok || !response.body) return await refusalOf(response)
    const read = eventReader()
    for await (const piece of piecesOf(response.body)) {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), SILENCE_MS)
      for (const message of read(piece)) take(message, options, place)
    }
  } catch (error) {
    if (!closed.aborted) console.info(`${options.url}: ${String(error)}`)
  } finally {
    clearTimeout(timer)
  }
  return undefined
}

function take(message: Message, { onMessage, onLink }: StreamOptions, place: Place): void {
  place.failures = 0
  place.lastId = message.event === 'expired' ? undefined : (message.id ?? place.lastId)
  onMessage(message)
  onLink('live')
}

/** Whatever the server may get over (it restarts, it is busy) is no refusal. */
async function refusalOf(response: Response): Promise<Refusal | undefined> {
  if (response.status >= 500 || response.status === 408 || response.status === 429) return undefined
  const body = (await response.json()) as { error?: string }
  return { status: response.status, sentence: body.error ?? response.statusText }
}

async function* piecesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}

/** A line that came back, or somebody who looks at the page again, does not wait. */
function pause(ms: number, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = new AbortController()
    const end = () => {
      clearTimeout(timer)
      over.abort()
      resolve()
    }
    const timer = setTimeout(end, ms)
    const { signal } = over
    closed.addEventListener('abort', end, { signal })
    globalThis.addEventListener('online', end, { signal })
    document.addEventListener('visibilitychange', () => document.hidden || end(), { signal })
  })
}
