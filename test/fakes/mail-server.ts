import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'

export type MailServer = AsyncDisposable & {
  port: number
  /** Headers and text of every letter that was taken. */
  letters: string[]
  /** Who wrote to whom, by the envelope. */
  envelopes: { from: string; to: string[] }[]
  /** The words with which letters are refused. */
  refusing?: string
}

type Options = { key: string; cert: string; user: string; password: string; implicit?: boolean }

/** Somebody who takes letters over TLS, from whoever knows the password. */
export async function startMailServer({ key, cert, user, password, implicit = false }: Options): Promise<MailServer> {
  const server = new SMTPServer({
    key,
    cert,
    secure: implicit,
    onAuth({ username, password: given }, _session, answer) {
      // Servers may repeat what they were sent.
      if (username === user && given === password) answer(null, { user })
      else answer(new Error(`${given} is not the password of ${username}`))
    },
    onData(stream, { envelope }, answer) {
      text(stream).then((letter) => {
        if (mail.refusing !== undefined) return answer(new Error(mail.refusing))
        mail.letters.push(letter)
        const from = envelope.mailFrom === false ? '' : (envelope.mailFrom?.address ?? '')
        mail.envelopes.push({ from, to: envelope.rcptTo.map(({ address }) => address) })
        answer()
      }, answer)
    },
  })
  // Whoever does not trust the certificate hangs up.
  server.on('error', () => undefined)
  const { promise, resolve } = Promise.withResolvers<void>()
  const listening = server.listen(0, '127.0.0.1', () => resolve())
  await promise
  const address = listening.address()
  const mail: MailServer = {
    port: typeof address === 'object' && address ? address.port : 0,
    letters: [],
    envelopes: [],
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(resolve)
      })
    },
  }
  return mail
}
