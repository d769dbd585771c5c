import type { Row } from '../ledger.ts'

/** What another tool sees when it looks at the canary: its requests since the look before, and the bad ones among them. */
export type Look = {
  /** Epoch seconds. */
  at: number
  n: number
  x: number
  /** Nothing was known of a part of that time. */
  isBlind: boolean
}

/** Looks every `seconds`, from the first row with traffic on; as late as the rows' ends make them. `key` names the cells. */
export function looksOf(rows: Iterable<Row>, key: string, seconds: number): Look[] {
  const looks: Look[] = []
  let since: number | undefined
  let look = { n: 0, x: 0, isBlind: false }
  for (const { t0, t1, weight, cells } of rows) {
    if (weight === 0) continue
    since ??= t0
    const [nc, , xc] = cells[key] ?? [0, 0, 0, 0]
    look = { n: look.n + nc, x: look.x + xc, isBlind: look.isBlind || !cells[key] }
    if (t1 - since < seconds) continue
    looks.push({ at: t1, ...look })
    since = t1
    look = { n: 0, x: 0, isBlind: false }
  }
  return looks
}
