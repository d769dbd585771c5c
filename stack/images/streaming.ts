import type { ServerResponse } from 'node:http'

/** Answers without an end of their own, as of chats and tickers. */
export type Streaming = {
  /** A line every 100 ms, until the caller has had enough. */
  begin(response: ServerResponse): void
  /** Says good-bye to whoever still listens. */
  endAll(): void
}

const EVERY_MS = 100
/** The last line of a stream that was not broken off. */
const GOOD_BYE = 'good-bye\n'

export function openStreaming(version: string): Streaming {
  const open = new Set<ServerResponse>()
  setInterval(() => {
    for (const response of open) response.write(`${version}\n`)
  }, EVERY_MS).unref()
  return {
    begin(response) {
      response.writeHead(200, { 'content-type': 'text/plain', 'x-version': version })
      response.write(`${version}\n`)
      open.add(response)
      response.once('close', () => open.delete(response))
    },
    endAll() {
      for (const response of open) response.end(GOOD_BYE)
    },
  }
}
