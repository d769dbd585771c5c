/** Who is asked for together, after something was too slow. */
export type Company = {
  /** Those that were slow together are asked for in smaller groups, everybody else in one. */
  groups<W extends { key: string }>(family: string, waiting: W[]): W[][]
  /** Which groups of a look were too slow. Returns who is to be asked alone: slow by itself, while others were not. */
  learn<W extends { key: string }>(family: string, groups: W[][], slow: boolean[]): W[]
}

/**
 * Finds the one release whose question is too slow for Prometheus, half by half and look by look, so that a look never
 * costs more than a few queries. Where every group is slow it is Prometheus itself, and all are asked together again.
 */
export function openCompany(): Company {
  const most = new Map<string, Map<string, number>>()
  return {
    groups(family, waiting) {
      const limits = most.get(family)
      return [...Map.groupBy(waiting, ({ key }) => limits?.get(key) ?? Infinity)].flatMap(([size, some]) =>
        chunks(some, size),
      )
    },
    learn(family, groups, slow) {
      const limits = new Map<string, number>()
      most.set(family, limits)
      const late = groups.filter((_, index) => slow[index])
      if (late.length === groups.length && groups.length > 1) return []
      for (const group of late) for (const { key } of group) limits.set(key, Math.ceil(group.length / 2))
      return groups.length > 1 ? late.filter(({ length }) => length === 1).flat() : []
    },
  }
}

const chunks = <T>(list: T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / Math.min(size, list.length || 1)) }, (_, index) =>
    list.slice(index * Math.min(size, list.length), (index + 1) * Math.min(size, list.length)),
  )
