import type { ServerResponse } from 'node:http'
import { type FileHandle, open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

export type LogSource = {
  file: string
  /** Where the present run of the container and the one before it begin, in bytes. */
  from: { present: number; previous: number | undefined }
  /** More may come. */
  isOpen: () => boolean
}

const LOOK_EVERY_MS = 100
const CHUNK = 64 << 10
const UNKNOWN_TIMES = ['sinceSeconds', 'sinceTime', 'timestamps']

/** Answers as a kubelet: `tailLines`, `limitBytes`, `previous` and `follow`. Lines have no times here. */
export async function sendLog(source: LogSource, query: URLSearchParams, response: ServerResponse): Promise<void> {
  const wantsTimes = UNKNOWN_TIMES.find((name) => query.has(name) && query.get(name) !== 'false')
  const { present, previous } = source.from
  const isPrevious = query.get('previous') === 'true'
  if (wantsTimes !== undefined) return refuse(response, `${wantsTimes} is not supported: lines have no times here`)
  if (isPrevious && previous === undefined) return refuse(response, 'previous terminated container not found')
  const log = await open(source.file)
  try {
    const until = isPrevious ? present : (await log.stat()).size
    const text = await read(log, isPrevious ? (previous ?? 0) : present, until)
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write(limited(lastLines(text, query.get('tailLines')), query.get('limitBytes')))
    if (query.get('follow') === 'true' && !isPrevious) await follow(log, until, { source, response })
    response.end()
  } finally {
    await log.close()
  }
}

function refuse(response: ServerResponse, why: string): void {
  response.writeHead(400, { 'content-type': 'text/plain' }).end(why)
}

async function follow(
  log: FileHandle,
  from: number,
  { source, response }: { source: LogSource; response: ServerResponse },
): Promise<void> {
  let position = from
  while (!response.destroyed) {
    const isLast = !source.isOpen()
    const { size } = await log.stat()
    if (size > position) response.write(await read(log, position, size))
    position = size
    if (isLast) return
    await sleep(LOOK_EVERY_MS)
  }
}

async function read(log: FileHandle, from: number, until: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let position = from; position < until;) {
    const { bytesRead, buffer } = await log.read(Buffer.alloc(Math.min(CHUNK, until - position)), { position })
    if (bytesRead === 0) break
    chunks.push(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
  return Buffer.concat(chunks)
}

function lastLines(text: Buffer, count: string | null): Buffer {
  if (count === null) return text
  let start = text.at(-1) === NEWLINE ? text.length - 1 : text.length
  for (let left = Number(count); left > 0 && start >= 0; left -= 1) {
    start = start === 0 ? -1 : text.lastIndexOf(NEWLINE, start - 1)
  }
  return text.subarray(Number(count) === 0 ? text.length : start + 1)
}

const NEWLINE = 10

const limited = (text: Buffer, bytes: string | null): Buffer =>
  bytes === null ? text : text.subarray(0, Number(bytes))
