import { isUnauthorized } from '../kube/index.ts'
import { createAnswers, type Answers, type Asking } from './answers.ts'
import { turnsTogether, type Turns } from './turns.ts'

export type Person = {
  ask: Answers['ask']
  /** A few questions of a person at a time. */
  turn: Turns
  /** As the API server knows them. */
  name?: string
}

/** What is remembered of those who asked, by token. Whoever the API server does not take leaves nothing behind. */
export type People = {
  of(id: string): Person
  /** undefined for whom the API server has not taken, or takes no more. */
  known(id: string): Person | undefined
}

const AT_ONCE = 8
/** One Rollout's page asks some twenty questions, the list one for every namespace. */
const MOST_ANSWERS = 1_000
/** The one who was away longest is forgotten first. */
const MOST_PEOPLE = 500

export function createPeople(now: () => number): People {
  const people = new Map<string, Person>()
  /** Of whom the API server has not said anything yet: they take nobody's place. */
  const strangers = new Map<string, Person>()

  function welcome(id: string, person: Person): void {
    strangers.delete(id)
    people.delete(id)
    people.set(id, person)
    const [longestAway] = people.keys()
    if (people.size > MOST_PEOPLE && longestAway !== undefined) people.delete(longestAway)
  }

  function meet(id: string): Person {
    const answers = createAnswers({ now, most: MOST_ANSWERS })
    const person: Person = {
      turn: turnsTogether(AT_ONCE),
      async ask<T>(question: string, how: Asking<T>): Promise<T> {
        try {
          const answer = await answers.ask(question, how)
          welcome(id, person)
          return answer
        } catch (error) {
          strangers.delete(id)
          if (isUnauthorized(error)) people.delete(id)
          throw error
        }
      },
    }
    strangers.set(id, person)
    return person
  }

  return {
    of: (id) => people.get(id) ?? strangers.get(id) ?? meet(id),
    known: (id) => people.get(id),
  }
}
