const PART = /(\d{1,5})(h|ms|m|s)/gy
const UNIT_MS = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const

/** Gateway API duration string (`1h30m`, `500ms`) → milliseconds. Throws on anything else, the empty string included. */
export function parseDuration(text: string): number {
  if (!/^([0-9]{1,5}(h|m|s|ms)){1,4}$/.test(text)) {
    throw new Error(`${JSON.stringify(text)} is not a duration; write for example 500ms, 15s, 2m or 1h30m`)
  }
  return [...text.matchAll(PART)].reduce(
    (sum, part) => sum + Number(part[1]) * UNIT_MS[part[2] as keyof typeof UNIT_MS],
    0,
  )
}

/** Milliseconds (≥ 0) → the shortest duration string, at most two units: `90s` is `1m30s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`
  const seconds = Math.round(ms / 1_000)
  const parts: [number, string][] = [
    [Math.floor(seconds / 3_600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  return parts
    .filter(([count]) => count > 0)
    .slice(0, 2)
    .map(([count, unit]) => `${count}${unit}`)
    .join('')
}
