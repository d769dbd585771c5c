import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

type Entry = {
  auditID: string
  verb: string
  requestReceivedTimestamp: string
  user: { username: string }
  objectRef?: { resource: string; subresource?: string }
}

/**
 * Requests of one user that the API server received from `from` to `to` (epoch milliseconds), as `verb resource` → how
 * many. A watch counts once, when it begins, however long it lasts.
 */
export async function requestsOf(
  user: string,
  { auditLog, from, to }: { auditLog: string; from: number; to: number },
): Promise<Map<string, number>> {
  const counted = new Set<string>()
  const counts = new Map<string, number>()
  for await (const line of createInterface({ input: createReadStream(auditLog) })) {
    const entry = JSON.parse(line) as Entry
    const at = Date.parse(entry.requestReceivedTimestamp)
    if (entry.user.username !== user || at < from || at >= to || counted.has(entry.auditID)) continue
    counted.add(entry.auditID)
    const { resource = 'other', subresource } = entry.objectRef ?? {}
    const what = `${entry.verb} ${resource}${subresource ? `/${subresource}` : ''}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  return counts
}
