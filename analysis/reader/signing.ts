import { X509Certificate } from 'node:crypto'
import type { Credentials } from '../sampler.ts'
import type { Mask } from './refusal.ts'

/** How credentials are sent, and how they stay out of what is said. */

/** Node takes anything for a bundle, and then trusts nobody. */
export function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}

/** Values from files end with a line that nobody meant. */
export function headersOf({ bearerToken, basic, headers = {} }: Credentials): Record<string, string> {
  const pair = basic && Buffer.from(`${basic.username.trim()}:${withoutEnd(basic.password)}`).toString('base64')
  return {
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.trim()])),
    ...(pair === undefined ? {} : { Authorization: `Basic ${pair}` }),
    ...(bearerToken === undefined ? {} : { Authorization: `Bearer ${bearerToken.trim()}` }),
  }
}

const withoutEnd = (text: string): string => text.replace(/\r?\n$/, '')

/** Shorter ones are part of other words: a tenant is called 1. */
const TELLING_CHARS = 6

/** Servers may repeat what they were sent: takes the credentials out of their words, as they are sent and as they were given. */
export function maskOf(credentials: Credentials, headers: Record<string, string>): Mask {
  const secrets = secretsOf(credentials, headers).map((secret) => {
    const literal = secret.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    return new RegExp(secret.length < TELLING_CHARS ? `(?<!\\w)${literal}(?!\\w)` : literal, 'g')
  })
  return (text) => secrets.reduce((rest, secret) => rest.replace(secret, '…'), text)
}

/** Longest first, because one may be part of another. */
function secretsOf({ bearerToken, basic }: Credentials, headers: Record<string, string>): string[] {
  const sent = Object.values(headers).flatMap((value) => [value, value.replace(/^(Basic|Bearer) /, '')])
  const given = [bearerToken?.trim(), basic && withoutEnd(basic.password)].filter((secret) => secret !== undefined)
  return [...sent, ...given].filter((secret) => secret !== '').sort((a, b) => b.length - a.length)
}
