/** The last word about every key, in the order in which it changed. */
export type Journal<Word extends { json: string }> = {
  /** False when that is what was said before. */
  write(key: string, word: Word): boolean
  /** False when there was nothing. */
  erase(key: string): boolean
  get(key: string): Word | undefined
  words(): Word[]
  /** Position after everything so far. */
  cursor(): number
  /** Keys that were written or erased after that position; undefined when not all of them are known any more. */
  since(cursor: number): string[] | undefined
}

/** So many erased keys are remembered. */
const MOST_ERASED = 1_000

export function createJournal<Word extends { json: string }>(): Journal<Word> {
  const written = new Map<string, { word: Word; at: number }>()
  const erased = new Map<string, number>()
  let position = 0
  let forgotten = 0
  return {
    write(key, word) {
      if (written.get(key)?.word.json === word.json) return false
      erased.delete(key)
      written.set(key, { word, at: ++position })
      return true
    },
    erase(key) {
      if (!written.delete(key)) return false
      erased.set(key, ++position)
      const [oldest] = erased
      if (oldest && erased.size > MOST_ERASED) {
        erased.delete(oldest[0])
        forgotten = oldest[1]
      }
      return true
    },
    get: (key) => written.get(key)?.word,
    words: () => [...written.values()].map(({ word }) => word),
    cursor: () => position,
    since(cursor) {
      if (!(cursor >= forgotten && cursor <= position)) return undefined
      const changed = [...written].filter(([, { at }]) => at > cursor).map(([key]) => key)
      return [...changed, ...[...erased].filter(([, at]) => at > cursor).map(([key]) => key)]
    },
  }
}
