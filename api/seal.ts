import { createHash } from 'node:crypto'
import { EncryptJWT, jwtDecrypt, errors } from 'jose'

/** Keeps something in a browser that nobody but this installation can read or make. */
export type Seal = {
  /** `purpose` keeps one kind from being used as another; valid for so many seconds. */
  close(content: Record<string, unknown>, purpose: string, seconds: number): Promise<string>
  /** undefined for what is too old, damaged, meant for something else, or of another key. */
  open(text: string, purpose: string): Promise<Record<string, unknown> | undefined>
}

/** AES-256-GCM with a key made of the secret. Everybody who has the secret can read what is sealed with it. */
export function createSeal(secret: string): Seal {
  const key = createHash('sha256').update('sluice-api\0').update(secret).digest()
  return {
    close: (content, purpose, seconds) =>
      new EncryptJWT(content)
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setAudience(purpose)
        .setExpirationTime(`${seconds} s`)
        .encrypt(key),
    async open(text, purpose) {
      try {
        const { payload } = await jwtDecrypt(text, key, { audience: purpose, contentEncryptionAlgorithms: ['A256GCM'] })
        return payload
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined
        throw error
      }
    },
  }
}
