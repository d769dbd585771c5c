import { createTransport } from 'nodemailer'
import type { EmailSpec } from '../../crds/schema/channel.ts'
import { factsOf, titleOf, type Message } from './message.ts'

export type Letter = {
  email: EmailSpec
  message: Message
  credentials?: { username: string; password: string }
  /** PEM certificates that are trusted instead of the system's. */
  caBundle?: string | undefined
  /** Bound of every silence of the server. */
  timeoutMs: number
  signal: AbortSignal
}

/** Hands the letter to the server. Rejects in the server's words. Its Message-ID is the same for every attempt. */
export async function sendLetter({ email, message, credentials, caBundle, timeoutMs, signal }: Letter): Promise<void> {
  const { host, port, tls, from, to } = email
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: true,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    tls: { minVersion: 'TLSv1.2', ...(caBundle === undefined ? {} : { ca: caBundle }) },
    ...(credentials ? { auth: { user: credentials.username, pass: credentials.password } } : {}),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const over = Promise.withResolvers<never>()
  const leave = (): void => over.reject(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  try {
    const letter = {
      from,
      to,
      subject: titleOf(message),
      text: textOf(message),
      date: new Date(message.at),
      messageId: `<${message.id}@sluice.dev>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    }
    await Promise.race([transport.sendMail(letter), over.promise])
  } finally {
    signal.removeEventListener('abort', leave)
    transport.close()
  }
}

function textOf(message: Message): string {
  const facts = factsOf(message).map(([name, value]) => `${name}: ${value}`)
  return [message.message, '', ...facts, ...(message.link ? ['', message.link] : []), ''].join('\n')
}
