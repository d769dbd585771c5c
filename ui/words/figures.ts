import { local } from './times.ts'

/** Numbers and sentences as a person reads them. */

/** `8 317`, with a thin space that does not break. */
export const grouped = (count: number): string => `${Math.round(count)}`.replace(/\B(?=(\d{3})+$)/g, '\u202F')

/** Percent of a share in [0, 1], two significant digits: `0.12 %`. */
export const share = (value: number): string => `${figure(value * 100)} %`

/** Two significant digits, whole from ten on. */
export const figure = (value: number): string =>
  Math.abs(value) >= 9.95 ? grouped(value) : `${Number(value.toPrecision(2))}`

/** What is known about `n` requests of which `x` were bad; nothing is not zero. */
export const badOf = ([n, x]: readonly [number, number]): string =>
  n === 0 ? 'no data' : `${grouped(x)} of ${grouped(n)} (${share(x / n)})`

/** Odds from their natural logarithm: `366 : 1`. */
export function odds(lnE: number): string {
  const value = Math.exp(lnE)
  if (value > 1e6) return 'over a million : 1'
  return value < 0.01 ? 'below 0.01 : 1' : `${figure(value)} : 1`
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${grouped(count)} ${count === 1 ? one : many}`

/** Of the reader's time zone, and ended once. */
export const sentence = (words: string): string => local(/[.!?…]$/.test(words) ? words : `${words}.`)
