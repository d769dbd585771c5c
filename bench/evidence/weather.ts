import { normal, type Random } from '../../analysis/draw/index.ts'

/** What both arms share: by how much the bad share of each row is multiplied, and its traffic. */
export type Weather = { errors: number; traffic: number }

export type Climate = {
  /** So many times the bad share, in the outburst that half the runs have. */
  outburst: number
  /** Traffic and bad share go up and down, once in forty minutes. */
  isDiurnal: boolean
}

/** S1 of analysis.md 13. */
export const CALM: Climate = { outburst: 10, isDiurnal: false }
/** As S1, but nobody has an outburst. */
export const STEADY: Climate = { ...CALM, outburst: 1 }
export const OUTAGE: Climate = { ...CALM, outburst: 100 }
export const DIURNAL: Climate = { ...CALM, isDiurnal: true }

const PERSISTENCE = 0.9
const DEVIATION = 0.5
const DAY_ROWS = 160
const OUTBURST_ROWS = 8
/** Day to night: nine times the traffic, and three times the bad share. */
const TRAFFIC_SWING = 0.8
const ERRORS_SWING = Math.log(3) / 2

/** A log-normal factor of mean 1 that remembers, and in half the runs an outburst. Endless. */
export function* weather(random: Random, { outburst, isDiurnal }: Climate): Generator<Weather, never> {
  const begin = random() < 0.5 ? Math.floor(random() * (DAY_ROWS - OUTBURST_ROWS + 1)) : Infinity
  const phase = random()
  const drift = autoregression(random, DEVIATION)
  for (let row = 0; ; row++) {
    const factor = Math.exp(drift() - DEVIATION ** 2 / 2)
    const isOutburst = row >= begin && row < begin + OUTBURST_ROWS
    const day = isDiurnal ? Math.sin(2 * Math.PI * (row / DAY_ROWS + phase)) : 0
    yield {
      errors: factor * (isOutburst ? outburst : 1) * Math.exp(ERRORS_SWING * day),
      traffic: 1 + TRAFFIC_SWING * day,
    }
  }
}

/** Stationary, of order one: every value remembers nine tenths of the one before. */
export function autoregression(random: Random, deviation: number): () => number {
  let value: number | undefined
  return () => {
    const shock = deviation * normal(random)
    value = value === undefined ? shock : PERSISTENCE * value + Math.sqrt(1 - PERSISTENCE ** 2) * shock
    return value
  }
}
