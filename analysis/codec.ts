import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { MAX_LEDGER_CHARS } from '../crds/bounds.ts'
import type { Ledger } from './ledger.ts'
import { assertRow } from './row.ts'

/** What a hostile or broken ledger may unfold to. */
const MOST_BYTES = 32 * 1024 * 1024

/** Gzip of the compact JSON in base64, at most 256 KiB. Throws RangeError when it would be more. */
export function encodeLedger(ledger: Ledger): string {
  const text = packed(ledger)
  if (text.length <= MAX_LEDGER_CHARS) return text
  throw new RangeError(`the ledger of ${ledger.canary} takes ${text.length} characters, more than ${MAX_LEDGER_CHARS}`)
}

/** Characters that the ledger takes. */
export const packedChars = (ledger: Ledger): number => packed(ledger).length

/** Throws a sentence when the text is no ledger, or one with impossible rows. */
export function decodeLedger(text: string): Ledger {
  const ledger = parse(text)
  if (ledger?.v !== 1) throw new Error(`this engine reads ledgers of version 1, not ${String(ledger?.v)}`)
  if (!Array.isArray(ledger.rows)) throw new Error('the stored ledger has no rows')
  ledger.rows.forEach((row, index) => assertRow(row, ledger.rows[index - 1]))
  return ledger
}

/** First 16 hex of sha256 over the compact JSON: what a history keeps of a ledger. */
export const ledgerHash = (ledger: Ledger): string => digest(JSON.stringify(ledger)).slice(0, 16)

/** First 10 hex of sha256 over JSON with sorted keys. */
export const policyHash = ({ policy }: Ledger): string => digest(canonical(policy)).slice(0, 10)

const packed = (ledger: Ledger): string => gzipSync(JSON.stringify(ledger), { level: 9 }).toString('base64')

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

function parse(text: string): Ledger | undefined {
  try {
    const json = gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: MOST_BYTES }).toString('utf8')
    return JSON.parse(json) as Ledger
  } catch (error) {
    throw new Error('the stored ledger is not gzipped JSON in base64', { cause: error })
  }
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, part]) => part !== undefined)
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`).join()}}`
}
