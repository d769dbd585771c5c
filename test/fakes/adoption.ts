import type { ActActivities, WatchActivities } from '../../activities/index.ts'
import type { Returning } from '../../activities/handing-back.ts'
import type { Picture } from '../../activities/picture.ts'

/** A workload that is taken over, or handed back. */
export type Adopting = {
  picture: Picture
  /** What was done to it, oldest first. */
  adopting: string[]
  /** What it is handed back to; nothing where nothing is said about it. */
  returning?: Returning
  /** What its own pods wait for, once each; then they are ready. */
  declaredWaits: string[]
  /** What addresses of Services wait for, once each; then clients have them. */
  addressWaits: string[]
}

type Hands = Pick<
  ActActivities,
  | 'beginAdoption'
  | 'emptyDeclared'
  | 'beginReturn'
  | 'finishReturn'
  | 'sayReturning'
  | 'freeApex'
  | 'unselectLeaving'
  | 'letGo'
>

export const fakeAdoption = (worldOf: (name: string) => Adopting): Hands => ({
  beginAdoption: async () => undefined,
  emptyDeclared: async () => ({}),
  async beginReturn({ ref }) {
    const { adopting, returning = { kind: 'nothing' } } = worldOf(ref.name)
    adopting.push(`begins: ${returning.kind}`)
    return returning
  },
  async finishReturn({ ref }) {
    worldOf(ref.name).adopting.push('the apex is free')
    return {}
  },
  async sayReturning({ ref, message }) {
    worldOf(ref.name).adopting.push(message)
  },
  async freeApex({ ref }) {
    const { picture, adopting } = worldOf(ref.name)
    adopting.push('the apex is free')
    delete picture.adoption?.apex
  },
  async unselectLeaving({ ref, revision = 'all' }) {
    worldOf(ref.name).adopting.push(`unselected: ${revision}`)
  },
  async letGo({ ref, keep = 'nothing' }) {
    worldOf(ref.name).adopting.push(`let go, but for ${keep}`)
  },
})

type Waits = Pick<WatchActivities, 'awaitDeclared' | 'awaitAddresses'>

export const fakeDeclared = (worldOf: (name: string) => Adopting): Waits => ({
  awaitAddresses: async ({ ref }) => waitingFor(worldOf(ref.name).addressWaits),
  awaitDeclared: async ({ ref }) => waitingFor(worldOf(ref.name).declaredWaits),
})

function waitingFor(waits: string[]): { waitingFor?: string } {
  const next = waits.shift()
  return next === undefined ? {} : { waitingFor: next }
}
