import { onTestFinished } from 'vitest'
import { eventually } from '../patience.ts'

export type Told = { event: string; data: unknown; id?: string }

export type Listener = {
  told: Told[]
  /** Data of every event of that name so far. */
  all<T>(event: string): T[]
  /** Waits until so many of them came, and gives the last one. */
  next<T>(event: string, count?: number): Promise<T>
  lastId(): string | undefined
  /** True when the server ended the stream. */
  ended(): boolean
  close(): void
}

/** Reads server-sent events by HTTP, as a browser does. Throws when the server refuses. */
export async function listen(url: string, { token, lastEventId }: { token: string; lastEventId?: string | undefined }) {
  const closing = new AbortController()
  onTestFinished(() => closing.abort())
  const response = await fetch(url, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: closing.signal,
  })
  if (!response.ok || !response.body) throw new Error(`${response.status}: ${await response.text()}`)
  const told: Told[] = []
  let ended = false
  void read(response.body, told)
    .catch(() => undefined)
    .finally(() => (ended = true))
  const all = <T>(event: string): T[] => told.filter((one) => one.event === event).map(({ data }) => data as T)
  const listener: Listener = {
    told,
    all,
    next: <T>(event: string, count = 1) =>
      eventually(() => {
        const found = all<T>(event)
        if (found.length < count) throw new Error(`${found.length} of ${count} ${event}: ${JSON.stringify(told)}`)
        return found.at(-1) as T
      }),
    lastId: () => told.findLast(({ id }) => id !== undefined)?.id,
    ended: () => ended,
    close: () => closing.abort(),
  }
  return listener
}

async function read(body: ReadableStream<Uint8Array>, told: Told[]): Promise<void> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)))
      const { event, data, id } = fields as Record<string, string | undefined>
      if (event !== undefined)
        told.push({ event, data: JSON.parse(data ?? 'null'), ...(id === undefined ? {} : { id }) })
    }
  }
}
