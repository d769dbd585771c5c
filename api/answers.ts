import { isTransient } from '../kube/index.ts'
import type { Turns } from './turns.ts'

/** What the API server said about one person. */
export type Answers = {
  /** One question at a time, however many tabs ask it. `isPatient`: a no that was said again is kept twice as long. */
  ask<T>(question: string, how: Asking<T>): Promise<T>
}

export type Asking<T> = { find: () => Promise<T>; turn: Turns; isPatient?: boolean }

/** Rights may be taken away; nobody keeps them here for longer. */
const FRESH_MS = 30_000
/** Rights are given seldom, and whoever has them in one namespace has them not in all others. */
const LONGEST_NO_MS = 240_000
/** While the API server is away, what it said last still stands. */
const STALE_MS = 5 * 60_000

type Answer = {
  promise: Promise<unknown>
  isOpen: boolean
  at: number
  keptMs: number
  good?: { value: unknown; at: number }
}

/** Keeps `most` answers; while those are all good, others are asked for each time. */
export function createAnswers({ now, most }: { now: () => number; most: number }): Answers {
  const known = new Map<string, Answer>()
  const isGood = ({ isOpen, at, keptMs }: Answer): boolean => isOpen || now() - at < keptMs

  function keep(question: string, answer: Answer): void {
    known.delete(question)
    const [oldest] = known
    if (oldest && known.size >= most && !isGood(oldest[1])) known.delete(oldest[0])
    if (known.size < most) known.set(question, answer)
  }

  return {
    ask<T>(question: string, { find, turn, isPatient = false }: Asking<T>): Promise<T> {
      const before = known.get(question)
      if (before && isGood(before)) return before.promise as Promise<T>
      const begin = (): Promise<T> => {
        answer.at = now()
        return find()
      }
      const answer: Answer = { ...NOTHING_YET, ...before, isOpen: true }
      answer.promise = turn(begin).then(
        (value) => {
          const isNoAgain = isPatient && value === false && before?.good?.value === false
          answer.keptMs = isNoAgain ? Math.min(2 * before.keptMs, LONGEST_NO_MS) : FRESH_MS
          Object.assign(answer, { isOpen: false, good: { value, at: now() } })
          return value
        },
        (error: unknown) => {
          Object.assign(answer, { isOpen: false, at: 0 })
          const { good } = answer
          if (good && isTransient(error) && now() - good.at < STALE_MS) return good.value
          if (known.get(question) === answer) known.delete(question)
          throw error
        },
      )
      keep(question, answer)
      return answer.promise as Promise<T>
    },
  }
}

const NOTHING_YET = { promise: Promise.resolve(), at: 0, keptMs: FRESH_MS }
