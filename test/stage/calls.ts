import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'

export type CallStats = { sent: number; ok: number; versions: Record<string, number>; trouble: string[] }

/** gRPC calls through the gateway, evenly spaced, whatever becomes of them. Leaving its scope ends them. */
export type Calls = AsyncDisposable & {
  stats(): CallStats
  /** Sends no more and waits for what is on its way. */
  stop(): Promise<CallStats>
}

type CallOptions = { gateway: string; authority: string; path: string; rps: number }

/** An empty message, length-prefixed. */
const EMPTY = Buffer.alloc(5)
const TIMEOUT_MS = 10_000

export function startCalls({ gateway, authority, path, rps }: CallOptions): Calls {
  const stats: CallStats = { sent: 0, ok: 0, versions: {}, trouble: [] }
  const underWay = new Set<Promise<void>>()
  let session: ClientHttp2Session | undefined

  function open(): ClientHttp2Session {
    if (session && !session.closed && !session.destroyed) return session
    session = connect(gateway)
    session.on('error', (error) => stats.trouble.push(error.message))
    return session
  }
  async function call(): Promise<void> {
    const stream = open().request({
      ':method': 'POST',
      ':path': path,
      ':authority': authority,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    stats.sent += 1
    const { status, version, why } = await answerOf(stream)
    if (status === '0') stats.ok += 1
    else stats.trouble.push(why ?? `grpc-status ${status}`)
    if (version !== undefined) stats.versions[version] = (stats.versions[version] ?? 0) + 1
  }
  const ticking = setInterval(() => {
    const calling = call().finally(() => underWay.delete(calling))
    underWay.add(calling)
  }, 1_000 / rps)
  const calls: Calls = {
    stats: () => structuredClone(stats),
    async stop() {
      clearInterval(ticking)
      await Promise.all(underWay)
      session?.close()
      return calls.stats()
    },
    [Symbol.asyncDispose]: async () => void (await calls.stop()),
  }
  return calls
}

type Answer = { status?: string | undefined; version?: string | undefined; why?: string }

/** Never rejects. A server that fails at once says so in its headers, without trailers. */
function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const answer: Answer = {}
  const note = (headers: Record<string, unknown>): void => {
    answer.status ??= headers['grpc-status'] as string | undefined
    answer.version ??= headers['x-version'] as string | undefined
  }
  stream.on('response', note)
  stream.on('trailers', note)
  stream.on('error', (error: Error) => resolve({ ...answer, why: error.message }))
  stream.on('close', () => resolve(answer))
  stream.setTimeout(TIMEOUT_MS, () => stream.close())
  stream.resume()
  stream.end(EMPTY)
  return promise
}
