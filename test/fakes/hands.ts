/** What the hands were asked to do, and what keeps them from it. */
export type Overheard = {
  /** Every verb that was asked for, each attempt, oldest first. */
  verbs: string[]
  /** The words with which a verb is refused. */
  hindering?: (verb: string) => string | undefined
  /** The words that come instead of the answer of a verb that was done. */
  losing?: (verb: string) => string | undefined
}

type Verbs = Record<string, (input: never) => Promise<unknown>>
type Named = { name: string }
type About = { ref?: Named; target?: Named; picture?: { ref: Named } }

/** The same hands, which say what they are asked to do. */
export function overheard<V extends Verbs>(verbs: V, worldOf: (name: string) => Overheard): V {
  const hear =
    (verb: string, act: (input: never) => Promise<unknown>) =>
    async (input: never): Promise<unknown> => {
      const { ref, target, picture } = input as About
      const world = worldOf((ref ?? target ?? picture?.ref)?.name ?? '')
      world.verbs.push(verb)
      const words = world.hindering?.(verb)
      if (words !== undefined) throw new Error(words)
      const answer = await act(input)
      const lost = world.losing?.(verb)
      if (lost !== undefined) throw new Error(lost)
      return answer
    }
  return Object.fromEntries(Object.entries(verbs).map(([verb, act]) => [verb, hear(verb, act)])) as V
}
