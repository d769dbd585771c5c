import { createHmac } from 'node:crypto'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { describeError, type Log } from '../kube/index.ts'

export type PushesOptions = {
  /** A bare repository on this machine. */
  remote: string
  /** Whom to tell. */
  url: string
  /** What both know. */
  token: string
  log: Log
}

const ANSWER_MS = 5_000

/** What a Git host does besides keeping a repository: it calls a webhook, signed, after every push. */
export function announcePushes({ remote, url, token, log }: PushesOptions): { stop(): void } {
  async function announce(): Promise<void> {
    const body = JSON.stringify({ repository: { full_name: 'shop' } })
    const signature = createHmac('sha256', token).update(body).digest('hex')
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` }
    const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(ANSWER_MS) })
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  }
  // A push is a few changes of files; the engine makes one look of calls that come together.
  const watcher = watch(join(remote, 'refs', 'heads'), () => {
    announce().catch((error: unknown) =>
      log.warn({ error: describeError(error) }, 'the webhook was not answered; the push is seen at the next interval'),
    )
  })
  return { stop: () => watcher.close() }
}
