import { createHash } from 'node:crypto'
import { ACTIONS, type Action } from '../crds/decision.ts'
import type { ResourceDescriptor } from '../crds/resources.ts'
import { DECISIONS, ROLLOUTS } from '../crds/resources.ts'
import { isTransient, reviewAccess, reviewSelf, type Identity, type Kube } from '../kube/index.ts'

/** Somebody with a token. Every question about rights is asked with it: Kubernetes decides, this process never does. */
export type Caller = {
  kube: Kube
  me(): Promise<Identity>
  /** Whether the caller may do this in the namespace, in all of them where none is named. */
  may(right: Right): Promise<boolean>
  mayDecide(action: Action, namespace: string, name: string): Promise<boolean>
  mayEach(namespace: string, name: string): Promise<Partial<Record<Action, boolean>>>
}

export type Right = {
  verb: string
  resource: ResourceDescriptor
  namespace?: string
  name?: string
  subresource?: string
}

/** Throws what the API server says when it does not know the token, and when it cannot be asked. */
export type Door = (token: string) => Caller

/** To eject is nothing that a release does: the API server takes no Decision of it. */
const SAYABLE = ACTIONS.filter((action) => action !== 'eject')
/** Rights may be taken away; nobody keeps them here for longer. */
const FRESH_MS = 30_000
/** While the API server is away, what it said last still stands. */
const STALE_MS = 5 * 60_000
/** Answers that are kept, of everybody. */
const MOST_ANSWERS = 20_000

export function openDoor({ kubeFor, now = Date.now }: { kubeFor: (token: string) => Kube; now?: () => number }): Door {
  const answers = createAnswers(now)
  return (token) => {
    const kube = kubeFor(token)
    const id = createHash('sha256').update(token).digest('base64url').slice(0, 22)
    const ask = <T>(question: string, find: () => Promise<T>): Promise<T> => answers(`${id} ${question}`, find)
    const may = (right: Right): Promise<boolean> =>
      ask(`may ${JSON.stringify(attributesOf(right))}`, () => reviewAccess(kube, attributesOf(right)))
    const mayDecide = async (action: Action, namespace: string, name: string): Promise<boolean> =>
      (await may({ verb: 'create', resource: DECISIONS, namespace })) &&
      (await may({ verb: 'create', resource: ROLLOUTS, namespace, name, subresource: action }))
    return {
      kube,
      me: () => ask('me', () => known(kube)),
      may,
      mayDecide,
      async mayEach(namespace, name) {
        const each = SAYABLE.map(async (action) => [action, await mayDecide(action, namespace, name)] as const)
        return Object.fromEntries(await Promise.all(each))
      },
    }
  }
}

type Answer = { promise: Promise<unknown>; at: number; good?: { value: unknown; at: number } }

/** One question at a time and caller, however many tabs ask it. */
function createAnswers(now: () => number): <T>(question: string, find: () => Promise<T>) => Promise<T> {
  const known = new Map<string, Answer>()
  return <T>(question: string, find: () => Promise<T>): Promise<T> => {
    const before = known.get(question)
    if (before && now() - before.at < FRESH_MS) return before.promise as Promise<T>
    const answer: Answer = { at: now(), promise: find(), ...(before?.good ? { good: before.good } : {}) }
    known.delete(question)
    known.set(question, answer)
    if (known.size > MOST_ANSWERS) known.delete(known.keys().next().value ?? '')
    answer.promise = answer.promise.then(
      (value) => {
        answer.good = { value, at: now() }
        return value
      },
      (error: unknown) => {
        if (known.get(question) === answer) answer.at = 0
        if (answer.good && isTransient(error) && now() - answer.good.at < STALE_MS) return answer.good.value
        throw error
      },
    )
    return answer.promise as Promise<T>
  }
}

const attributesOf = ({ verb, resource: { group, plural }, namespace, name, subresource }: Right) => ({
  verb,
  group,
  resource: plural,
  ...(namespace === undefined ? {} : { namespace }),
  ...(name === undefined ? {} : { name }),
  ...(subresource === undefined ? {} : { subresource }),
})

async function known(kube: Kube): Promise<Identity> {
  const who = await reviewSelf(kube)
  if (!who) throw new Error('the API server did not say who the caller is')
  return who
}
