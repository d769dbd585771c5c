import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** What somebody between the engine and Prometheus does with the answers. */
export type Manner = 'pass' | 'unauthorized' | 'NaN' | 'empty' | 'html'

export type Proxy = AsyncDisposable & { url: string; become(manner: Manner): void }

/** Stands before a real Prometheus. */
export async function startProxy(prometheus: string, first: Manner): Promise<Proxy> {
  let manner = first
  const server = createServer((request, response) => {
    answer(prometheus, request, manner).then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: unknown) => response.writeHead(502).end(String(error)),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    become(next) {
      manner = next
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

type Answer = { status: number; type: string; body: string }

async function answer(prometheus: string, request: IncomingMessage, manner: Manner): Promise<Answer> {
  const { method = 'GET', url = '/', headers } = request
  const body = await text(request)
  if (manner === 'unauthorized') return { status: 401, type: 'text/plain', body: 'who are you?' }
  if (manner === 'html') return { status: 200, type: 'text/html', body: '<html>sign in</html>' }
  const passed = await fetch(`${prometheus}${url}`, {
    method,
    ...(method === 'GET' ? {} : { body, headers: { 'content-type': headers['content-type'] ?? '' } }),
    signal: AbortSignal.timeout(5_000),
  })
  const said = await passed.text()
  return {
    status: passed.status,
    type: passed.headers.get('content-type') ?? 'text/plain',
    body: changed(said, manner),
  }
}

type Result = { metric?: { __name__?: string }; value?: [number, string]; values?: [number, string][] }

/** Series of the mesh only: the clock and what is asked about Prometheus itself still work. */
function changed(said: string, manner: Manner): string {
  if (manner === 'pass') return said
  const json = JSON.parse(said) as { data?: { result?: Result[] } }
  const result = json.data?.result
  if (!Array.isArray(result)) return said
  const isOurs = ({ metric }: Result): boolean => (metric?.__name__ ?? '').startsWith('istio_')
  const after = result.flatMap((series) => {
    if (!isOurs(series)) return [series]
    if (manner === 'empty') return []
    const { value, values } = series
    return [
      {
        ...series,
        ...(value ? { value: [value[0], 'NaN'] } : {}),
        ...(values ? { values: values.map(([at]) => [at, 'NaN']) } : {}),
      },
    ]
  })
  return JSON.stringify({ ...json, data: { ...json.data, result: after } })
}
