import { once } from 'node:events'
import { request } from 'node:http'
import { createInterface } from 'node:readline'
import type { Access } from './ground.ts'
import { MANAGED_PATH } from './shop.ts'

/** An answer that goes on until somebody ends it. */
export type Stream = {
  /** Lines so far. */
  lines(): string[]
  /** How it ended, as soon as it has; undefined while it is open. */
  ended(): 'said good-bye' | 'broken off' | undefined
  /** The reader has had enough. */
  close(): void
}

/** Through the gateway, on the managed route. Resolves with the first line. */
export async function openStream({ gateway }: Access, host: string): Promise<Stream> {
  const asked = request(`${gateway}${MANAGED_PATH}/stream`, { headers: { host }, agent: false })
  const lines: string[] = []
  let ended: ReturnType<Stream['ended']>
  const conclude = (): void => void (ended ??= lines.at(-1) === 'good-bye' ? 'said good-bye' : 'broken off')
  asked.on('error', conclude)
  asked.end()
  const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream]
  response.on('error', conclude)
  const reader = createInterface({ input: response })
  // It tells again what its input has told.
  reader.on('error', conclude)
  reader.on('line', (line) => lines.push(line))
  reader.on('close', conclude)
  await once(reader, 'line')
  return { lines: () => [...lines], ended: () => ended, close: () => void asked.destroy() }
}
