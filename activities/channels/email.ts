import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { callbackify } from 'node:util'
import { createTransport } from 'nodemailer'
import type { EmailSpec } from '../../crds/schema/channel.ts'
import { abortable } from '../../kube/index.ts'
import { lookupBy, OffLimits, type Reach } from '../../network/reach.ts'
import { factsOf, titleOf, type Message } from './message.ts'

export type Letter = {
  reach: Reach
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
export async function sendLetter(letter: Letter): Promise<void> {
  const { email, message, credentials, caBundle, timeoutMs, signal } = letter
  const { host, port, tls, from, to } = email
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: true,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // It would look up the host by itself.
    getSocket: (_, done) =>
      callbackify(dial)(letter, (error, connection) => done(error, error === null && { connection })),
    tls: { minVersion: 'TLSv1.2', ...(caBundle === undefined ? {} : { ca: caBundle }) },
    ...(credentials ? { auth: { user: credentials.username, pass: credentials.password } } : {}),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const over = Promise.withResolvers<never>()
  const leave = (): void => over.reject(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  try {
    const mail = {
      from,
      to,
      subject: titleOf(message),
      text: textOf(message),
      date: new Date(message.at),
      messageId: `<${message.id}@sluice.dev>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    }
    await Promise.race([transport.sendMail(mail), over.promise])
  } finally {
    signal.removeEventListener('abort', leave)
    transport.close()
  }
}

/** Encrypted later, before anything is said. */
async function dial({ email: { host, port }, reach, signal }: Letter): Promise<Socket> {
  const found = await abortable(reach(host), signal).catch((error: unknown) => {
    throw error instanceof OffLimits ? new Error(`spec.email.host ${error.message}`) : error
  })
  const socket = connect({ host, port, lookup: lookupBy(() => Promise.resolve(found)), signal })
  await once(socket, 'connect')
  return socket
}

function textOf(message: Message): string {
  const facts = factsOf(message).map(([name, value]) => `${name}: ${value}`)
  return [message.message, '', ...facts, ...(message.link ? ['', message.link] : []), ''].join('\n')
}
