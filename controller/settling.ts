import type { ConfigSight } from '../workload/config-sight.ts'

export type Settling = {
  /** Until then everything is what was there before. */
  begin(): void
  /** Something happened to this config. */
  see(id: string): void
  /** `optional`: its appearance is a change like any other; what is needed counts as soon as it is there. */
  look(id: string, optional: boolean): ConfigSight | undefined
  /** What is there as of now, without a change. */
  adopt(id: string, now: ConfigSight | undefined): void
  stop(): void
}

export type SettlingOptions = { settleMs: number; onChange: (id: string) => void }

/**
 * Holds changes back for `settleMs` from the first one on: what changes all the time is told in that rhythm. `live` gives
 * what is there now, undefined where there is none.
 */
export function createSettling(
  { settleMs, onChange }: SettlingOptions,
  live: (id: string) => ConfigSight | undefined,
): Settling {
  const known = new Map<string, ConfigSight>()
  const timers = new Map<string, NodeJS.Timeout>()
  let begun = false

  function set(id: string, now: ConfigSight | undefined): void {
    if (now) known.set(id, now)
    else known.delete(id)
  }

  function settle(id: string): void {
    timers.delete(id)
    const before = known.get(id)
    set(id, live(id))
    if (!isSame(before, known.get(id))) onChange(id)
  }

  function drop(id: string): void {
    clearTimeout(timers.get(id))
    timers.delete(id)
  }

  return {
    begin: () => (begun = true),
    see(id) {
      if (!begun) return set(id, live(id))
      if (isSame(known.get(id), live(id))) return drop(id)
      if (!timers.has(id)) timers.set(id, setTimeout(settle, settleMs, id))
      if (!known.has(id)) onChange(id)
    },
    look: (id, optional) => known.get(id) ?? (optional ? undefined : live(id)),
    adopt(id, now) {
      drop(id)
      set(id, now)
    },
    stop() {
      for (const id of timers.keys()) drop(id)
    },
  }
}

const isSame = (a: ConfigSight | undefined, b: ConfigSight | undefined): boolean =>
  a?.digest === b?.digest && a?.refusal === b?.refusal
