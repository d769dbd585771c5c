import { Refusal } from '../failure.ts'

/** Checks on JSON that people wrote or a machine mangled. Every one throws `Refusal` with the place and what belongs there. */

export type Fields = Record<string, unknown>

export const refuse = (at: string, what: string, value: unknown): never => {
  throw new Refusal(`${at} has to be ${what}, not ${shown(value)}`)
}

export function fields(value: unknown, at: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  return refuse(at, 'an object', value)
}

export function list(value: unknown, at: string): unknown[] {
  return Array.isArray(value) ? value : refuse(at, 'a list', value)
}

export function text(value: unknown, at: string): string {
  return typeof value === 'string' ? value : refuse(at, 'a text', value)
}

export type Range = { least?: number; most?: number; whole?: true }

export function number(value: unknown, at: string, { least = -Infinity, most = Infinity, whole }: Range = {}): number {
  const fits = typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most
  if (fits && (!whole || Number.isSafeInteger(value))) return value
  const kind = whole ? 'a whole number' : 'a number'
  const bounds = most < Infinity ? ` from ${least} to ${most}` : least > -Infinity ? ` from ${least} on` : ''
  return refuse(at, kind + bounds, value)
}

export function oneOf<Word extends string>(value: unknown, words: readonly Word[], at: string): Word {
  const word = words.find((known) => known === value)
  return word ?? refuse(at, `one of ${words.join(', ')}`, value)
}

export function truth(value: unknown, at: string): boolean {
  return typeof value === 'boolean' ? value : refuse(at, 'true or false', value)
}

const MOST_CHARS = 60

function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  const words = JSON.stringify(value) ?? typeof value
  return words.length > MOST_CHARS ? `${words.slice(0, MOST_CHARS)}…` : words
}
