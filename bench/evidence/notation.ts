import type { Published } from './line.ts'

/**
 * Figures as the tables of analysis.md 13 print them, apart by commas: `99.7 %` is the share, `435 s` the median,
 * `p90 915 s` the ninetieth percentile, a number alone the mean of failed requests. Throws for anything else.
 */
export function printed(text: string): Omit<Published, 'of'> {
  const figures: Omit<Published, 'of'> = {}
  for (const part of text === '' ? [] : text.split(', ')) {
    const [, p90, value = '', unit] = /^(p90 )?(.*?)( %| s)?$/.exec(part) ?? []
    if (unit === ' %') figures.share = value
    else if (unit === ' s' && p90) figures.p90 = numberIn(value, text)
    else if (unit === ' s') figures.seconds = numberIn(value, text)
    else figures.failed = numberIn(value, text)
  }
  return figures
}

function numberIn(value: string, text: string): number {
  const number = Number(value)
  if (value === '' || !Number.isFinite(number)) throw new RangeError(`${value} in ${text} is no figure`)
  return number
}
