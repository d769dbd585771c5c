import { createHmac } from 'node:crypto'
import { API_VERSION } from '../../crds/names.ts'
import type { Message } from './message.ts'

/** Documented in docs/notifications.md: fields are added, never changed. The same for every attempt. */
export function bodyOf({ at, type, ...message }: Message): object {
  const severity = type === 'Warning' ? 'warning' : 'info'
  return { apiVersion: API_VERSION, kind: 'Notification', ...message, severity, at: new Date(at).toISOString() }
}

/** `at`: epoch milliseconds of the attempt, so that whoever is told can refuse what is old. */
export function signature(secret: string, body: string, at: number): Record<string, string> {
  const seconds = Math.floor(at / 1_000).toString()
  const digest = createHmac('sha256', secret.trim()).update(`${seconds}.${body}`).digest('hex')
  return { 'sluice-timestamp': seconds, 'sluice-signature': `v1=${digest}` }
}
