import { InvalidArgumentError } from 'commander'

/** Values of options. Each throws with what should have been written. */

/** An option that may be repeated. */
export const collected = (one: string, all: string[] = []): string[] => [...all, one]

export function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Write a number from 1 on.')
}

export function integerText(text: string): number {
  if (/^(-1|\d{1,9})$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Write a number from 0 on, or -1 for all.')
}

export function positive(text: string): number {
  if (/^\d{1,9}(\.\d{1,3})?$/.test(text) && Number(text) > 0) return Number(text)
  throw new InvalidArgumentError('Write a number above 0.')
}

export function durationText(text: string): string {
  if (/^([0-9]{1,5}(h|m|s|ms)){1,4}$/.test(text)) return text
  throw new InvalidArgumentError('Write a duration like 90s, 10m or 1h30m.')
}
