/** Numbers and times as a person reads them. The same text on every machine: no locale, no time zone. */

const DIGITS = 6

/** Six significant digits, so that machines whose `exp` differs in the last bits print the same. */
export const rounded = (value: number): number => (Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : value)

/** `8 317` */
export const grouped = (count: number): string => `${count}`.replace(/\B(?=(\d{3})+$)/g, ' ')

/** Two significant digits, whole from ten on: `7.2`, `27`, `0.034`, `1 200`. */
export function ratio(value: number): string {
  if (value >= 1e6) return 'over 1 000 000'
  if (value >= 9.95) return grouped(Math.round(value))
  return `${Number(value.toPrecision(2))}`
}

/** Odds of evidence from its logarithm: `366 : 1`. */
export function odds(lnE: number): string {
  const value = Math.exp(lnE)
  if (value > 1e6) return 'over 1 000 000 : 1'
  if (value < 0.01) return 'below 0.01 : 1'
  return `${value >= 99.5 ? grouped(Math.round(value)) : Number(value.toPrecision(2))} : 1`
}

/** Whole percent of a share in [0, 1]. */
export const percent = (share: number): string => `${Math.round(share * 100)} %`

/** Two significant digits of a share in [0, 1]: `0.12 %`, `99.9 %`. */
export function finePercent(share: number): string {
  const digits = share > 0.9 && share < 1 ? Math.min(6, 2 - Math.floor(Math.log10(1 - share))) : 2
  return `${Number((share * 100).toPrecision(digits))} %`
}

/** Epoch seconds → `2026-03-01T12:00:05Z`. */
export const instant = (seconds: number): string => `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z`

/** 1 → `1st`; for small numbers. */
export const ordinal = (n: number): string => `${n}${n === 1 ? 'st' : n === 2 ? 'nd' : n === 3 ? 'rd' : 'th'}`
