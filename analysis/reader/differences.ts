import type { Sample } from './client.ts'

/**
 * What a counter has grown by. `since` is the last sample that was counted before; a counter that was not there then
 * begins at 0. A drop to less than half, or of a process that restarted at that sample, is a reset; any other drop is
 * a second Prometheus that lags behind: nothing is added and the later value becomes the base.
 */
export function growth(
  samples: readonly Sample[],
  since: Sample | undefined,
  restarted: (time: number) => boolean,
): number {
  let [, before] = since ?? [0, 0]
  let sum = 0
  for (const [time, value] of samples) {
    if (value >= before) sum += value - before
    else if (isReset(before, value) || restarted(time)) sum += value
    before = value
  }
  return sum
}

/** Times at which a counter fell so far that its process must have begun anew. */
export function resets(samples: readonly Sample[], since: Sample | undefined): number[] {
  let before = since?.[1] ?? 0
  return samples.flatMap(([time, value]) => {
    const reset = isReset(before, value)
    before = value
    return reset ? [time] : []
  })
}

const isReset = (before: number, value: number): boolean => value < before / 2
