/** True for what was not said within the last minute: what goes on and on is told once, then once a minute at most. */
export function createSparing(now: () => number = Date.now): (words: string) => boolean {
  const told = new Map<string, number>()
  return (words) => {
    const at = now()
    for (const [each, since] of told) if (at - since >= QUIET_MS) told.delete(each)
    if (told.has(words)) return false
    told.set(words, at)
    return true
  }
}

const QUIET_MS = 60_000
