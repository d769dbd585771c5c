import type { Row, Running } from './ledger.ts'

/** What the running step has seen; only rows with data count. */
export type Progress = {
  running: Running
  /** Seconds, and canary requests in them. */
  covered: number
  canary: number
  /** Rows, seconds and canary requests at the present weight. */
  here: { slot: number; rows: number; seconds: number; canary: number }
}

export type ProgressBook = {
  /** Another step begins from nothing. */
  follow(running: Running | undefined): void
  /** A row with data that has no flag; one that began before the step did not belong to it. */
  take(row: Row, canary: number): void
  now(): Progress | undefined
}

export function openProgress(): ProgressBook {
  let progress: Progress | undefined
  return {
    follow(running) {
      if (running === progress?.running) return
      progress = running && { running, covered: 0, canary: 0, here: nothingIn(-1) }
    },
    take(row, canary) {
      if (!progress || row.t0 < progress.running.from) return
      if (row.slot !== progress.here.slot) progress.here = nothingIn(row.slot)
      const seconds = row.t1 - row.t0
      progress.covered += seconds
      progress.canary += canary
      progress.here.rows += 1
      progress.here.seconds += seconds
      progress.here.canary += canary
    },
    now: () => progress,
  }
}

const nothingIn = (slot: number): Progress['here'] => ({ slot, rows: 0, seconds: 0, canary: 0 })
