/** What was most likely meant: the name that is the fewest changed, missing or added letters away; undefined when none is near. */
export function nearest(typed: string, names: string[]): string | undefined {
  const most = Math.max(1, Math.floor(typed.length / 3))
  const near = names
    .map((name) => ({ name, away: distance(typed, name) }))
    .filter(({ away }) => away <= most)
    .sort((one, other) => one.away - other.away)
  return near[0]?.name ?? names.find((name) => typed.length >= BEGINNING && name.startsWith(typed))
}

/** Letters that say something about the rest of a name. */
const BEGINNING = 3

/** Levenshtein's, by rows. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i)
  for (const [i, letter] of one.split('').entries()) {
    const next = [i + 1]
    for (const [j, its] of other.split('').entries()) {
      const changed = (row[j] ?? 0) + (letter === its ? 0 : 1)
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
