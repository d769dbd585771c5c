import {
  badShareOf,
  SHARE_LEVELS,
  TIMES_LEVELS,
  type HarmLevel,
  type History,
  type Setting,
} from '../../analysis/backtest/index.ts'
import { Refusal } from '../failure.ts'

/** `0,2x,5x,1%`: times as bad as stable, or the share of good canary requests that turns bad. Throws `Refusal`. */
export function levelsFrom(text: string): HarmLevel[] {
  const levels = text.split(',').map((word) => levelFrom(word.trim()))
  if (levels.length > MOST_LEVELS) throw new Refusal(`--harm takes at most ${MOST_LEVELS} levels, not ${levels.length}`)
  return levels
}

/** Multiples say nothing where nothing was bad. */
export const usualLevels = (history: History, { boundary }: Setting['target']): HarmLevel[] =>
  badShareOf(history, boundary) > 0 ? TIMES_LEVELS : SHARE_LEVELS

const MOST_LEVELS = 12

function levelFrom(word: string): HarmLevel {
  const [, times] = /^(\d+(?:\.\d+)?)[x×]$/.exec(word) ?? []
  if (times !== undefined && Number(times) >= 1) return { times: Number(times) }
  const [, share] = /^(\d+(?:\.\d+)?)%$/.exec(word) ?? (word === '0' ? ['0', '0'] : [])
  if (share !== undefined && Number(share) <= 100) return { share: Number(share) / 100 }
  throw new Refusal(`--harm does not know ${JSON.stringify(word)}; write for example 0,2x,10x,1%,100%`)
}
