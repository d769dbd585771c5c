/** As a kubelet, ten to thirty times faster: at once, then 1, 2, 4, 8, 10, 10 … s; from the beginning after 30 s of running. */
const FIRST_MS = 1_000
const LONGEST_MS = 10_000
const FORGIVEN_AFTER_MS = 30_000

export type Restarts = {
  /** Milliseconds to wait before the next start of something that ran for `ranMs`. */
  delayAfter(ranMs: number): number
}

export function countRestarts(): Restarts {
  let count = 0
  return {
    delayAfter(ranMs) {
      if (ranMs >= FORGIVEN_AFTER_MS) count = 0
      const delay = count === 0 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (count - 1))
      count += 1
      return delay
    },
  }
}
