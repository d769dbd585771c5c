import { once } from 'node:events'
import { createServer as createPlain, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createServer as createSecure } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export type Received = { method: string; path: string; headers: IncomingHttpHeaders; body: Record<string, unknown> }

/** Somebody who is asked over HTTP; with `tls` only over HTTPS. `answer` is called for every question; without it the answer is 200. */
export type Receiver = AsyncDisposable & {
  url: string
  received: Received[]
  answer: (response: ServerResponse, received: Received) => void
}

export async function startReceiver(tls?: { key: string; cert: string }): Promise<Receiver> {
  const received: Received[] = []
  const server = tls ? createSecure(tls) : createPlain()
  server.on('request', (message, response) => {
    void text(message).then((body) => {
      const { method = '', url: path = '', headers } = message
      const question = { method, path, headers, body: JSON.parse(body) as Record<string, unknown> }
      received.push(question)
      receiver.answer(response, question)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    received,
    answer: (response) => void response.writeHead(200).end(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return receiver
}
