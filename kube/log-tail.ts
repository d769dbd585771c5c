import { stripVTControlCharacters } from 'node:util'
import { withoutSecrets } from './secrets.ts'

/** Of a log that is read from a server, however long its lines are. */
export const MOST_BYTES = 256 * 1024

/** The last `lines` lines, and of these the last `bytes` bytes, from the beginning of a character on. */
export function endOfLog(text: string, { lines, bytes }: { lines: number; bytes: number }): string {
  // Before anything is cut: half a secret is not recognised any more.
  const clean = withoutSecrets(stripVTControlCharacters(text).replace(/\r\n?/g, '\n')).replace(/[^\P{C}\n\t]/gu, '')
  const last = Buffer.from(clean.trimEnd().split('\n').slice(-lines).join('\n'))
  if (last.length <= bytes) return last.toString('utf8')
  const cut = last.subarray(last.length - bytes)
  return cut.subarray(cut.findIndex((byte) => !isContinuation(byte))).toString('utf8')
}

/** Of a character of several bytes, but its first. */
const isContinuation = (byte: number): boolean => (byte & 0b1100_0000) === 0b1000_0000
