import { createHash } from 'node:crypto'
import { ACTIONS, type Action } from '../crds/decision.ts'
import type { ResourceDescriptor } from '../crds/resources.ts'
import { DECISIONS, ROLLOUTS } from '../crds/resources.ts'
import { reviewAccess, reviewSelf, type Identity, type Kube } from '../kube/index.ts'
import { createPeople } from './people.ts'
import { turns } from './turns.ts'

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

export type Door = {
  /** Callers throw what the API server says when it does not know the token, and when it cannot be asked. */
  open(token: string): Caller
  /** Who came with this token lately. Nobody is asked whether it still holds: this is for counting, not for letting in. */
  nameOf(token: string): string | undefined
}

/** To eject is nothing that a release does: the API server takes no Decision of it. */
const SAYABLE = ACTIONS.filter((action) => action !== 'eject')
/** Questions about rights that are under way, of everybody. */
const AT_ONCE = 64

export function openDoor({ kubeFor, now = Date.now }: { kubeFor: (token: string) => Kube; now?: () => number }): Door {
  const people = createPeople(now)
  const everybody = turns(AT_ONCE)
  const open = (token: string): Caller => {
    const kube = kubeFor(token)
    const person = people.of(idOf(token))
    const may = (right: Right): Promise<boolean> => {
      const attributes = attributesOf(right)
      return person.ask(JSON.stringify(attributes), {
        find: () => reviewAccess(kube, attributes),
        turn: (work) => person.turn(() => everybody(work)),
        isPatient: right.verb === 'list',
      })
    }
    const mayDecide = async (action: Action, namespace: string, name: string): Promise<boolean> =>
      (await may({ verb: 'create', resource: DECISIONS, namespace })) &&
      (await may({ verb: 'create', resource: ROLLOUTS, namespace, name, subresource: action }))
    return {
      kube,
      async me() {
        // Whoever comes in does not wait behind what is asked about others, or about them.
        const who = await person.ask('me', { find: () => known(kube), turn: (work) => work() })
        person.name = who.name
        return who
      },
      may,
      mayDecide,
      async mayEach(namespace, name) {
        const each = SAYABLE.map(async (action) => [action, await mayDecide(action, namespace, name)] as const)
        return Object.fromEntries(await Promise.all(each))
      },
    }
  }
  return { open, nameOf: (token) => people.known(idOf(token))?.name }
}

const idOf = (token: string): string => createHash('sha256').update(token).digest('base64url').slice(0, 22)

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
