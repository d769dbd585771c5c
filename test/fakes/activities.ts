import { lookWhenOpen } from '../../activities/window.ts'
import { ApplicationFailure, Context } from '@temporalio/activity'
import type { createActivities } from '../../activities/index.ts'
import type { Opened } from '../../activities/open.ts'
import type { Picture } from '../../activities/picture.ts'
import type { Progress } from '../../activities/report.ts'
import type { WatchInput, WatchResult } from '../../activities/watch.ts'
import type { Beginning } from '../../activities/beginning.ts'
import { isRejected } from '../../crds/outcome.ts'
import type { Plan } from '../../crds/plan.ts'
import { formatFence, type Aside } from '../../crds/traffic.ts'
import { fakeAdoption, fakeDeclared, type Adopting } from './adoption.ts'
import { overheard, type Overheard } from './hands.ts'
import { fakeDecisions, type Deciding } from './decisions.ts'
import { fakeHooks, type Asking } from './hooks.ts'
import { fakePeople, type Hearing } from './people.ts'
import { telling } from './telling.ts'

type Activities = ReturnType<typeof createActivities>

/** A watch that runs: `end` is its verdict. */
export type Watching = { input: WatchInput; end: (result: WatchResult) => void }

/** All that one release can see and touch, in memory. Tests change what is declared and read what was done. */
export type World = Asking &
  Adopting &
  Overheard &
  Deciding &
  Hearing & {
    plan: Plan
    /** Of releases that were opened, by number. */
    plans: Record<number, Plan>
    /** How requests are watched. */
    terms: Omit<Opened, 'plan'>
    /** What is found out before the first weight. */
    beginning: Beginning
    /** Every change of the shares, oldest first. */
    weights: Record<string, number>[]
    /** What was beside each of them; nothing at rest. */
    asides: Aside[]
    /** Whose side host was made. */
    sides: string[]
    /** How many pods the canary was given, every time it was asked for. */
    sizes: number[]
    /** To what sizes both sides grew while the release went on. */
    grown: Record<string, number>[]
    fences: string[]
    told: Progress[]
    removed: string[]
    /** Whom the apex Service selected, oldest first. */
    apex: string[]
    /** The words with which these weights are refused. */
    refusing?: (weights: Record<string, number>) => string | undefined
    /** Why the canary's pods do not become ready. */
    notReady?: string
    /** Ends when so many pods of the canary are ready. */
    whileWaiting?: (replicas: number) => Promise<void>
    /** What happens while a release is opened; what it throws is the answer. */
    whileOpening?: (revision: string) => Promise<void>
    /** What happens while the objects of a revision are made; what it throws is the answer. */
    whilePreparing?: (revision: string) => Promise<void>
    /** What happens while destinations are made to follow; what it throws is the answer. */
    whileAligning?: () => Promise<void>
    /** Revisions whose destinations were made to follow the apex host's again. */
    aligned: string[][]
    /** Pods that were replaced. */
    replaced: string[]
    /** What happens while the engine says something, before it knows that it was said. */
    whileTelling?: (progress: Progress) => Promise<void>
    /** Oldest first; the last one is the one that counts. */
    watches: Watching[]
    /** No row comes by itself: a watch that is to say what it sees first says nothing before the test ends it. */
    silent?: boolean
    /** Resolves when `look` gives something; asked again after every activity. */
    until<T>(look: () => T | undefined | false): Promise<T>
  }

/** The plan of a return; short. */
const RETURN: Plan = {
  steps: [
    { kind: 'setWeight', weight: 100 },
    { kind: 'bake', forMs: 300 },
  ],
  returns: true,
}

export const STABLE = 'aaaaaaaaaa'
export const CANARY = 'bbbbbbbbbb'

/** A stable revision at rest, and another one declared. */
export function createWorld(name: string, plan: Plan): World {
  const listeners = new Set<() => void>()
  const tell = (): void => listeners.forEach((listener) => listener())
  return {
    picture: pictureOf(name),
    plan,
    plans: {},
    terms: { mode: 'act', measured: true, judgedAlone: false },
    beginning: {},
    weights: telling([], tell),
    asides: telling([], tell),
    sides: [],
    sizes: [],
    grown: telling([], tell),
    fences: [],
    told: telling([], tell),
    decisions: new Map(),
    answers: telling([], tell),
    events: telling([], tell),
    notices: telling([], tell),
    invited: telling([], tell),
    removed: [],
    apex: [],
    aligned: telling([], tell),
    replaced: telling([], tell),
    watches: telling([], tell),
    verbs: telling([], tell),
    asked: telling([], tell),
    jobs: telling([], tell),
    stopped: telling([], tell),
    adopting: telling([], tell),
    declaredWaits: [],
    addressWaits: [],
    until: (look) =>
      new Promise((resolve) => {
        const see = (): void => {
          const found = look()
          if (found === undefined || found === false) return
          listeners.delete(see)
          resolve(found)
        }
        listeners.add(see)
        see()
      }),
  }
}

/** Every release in the world of its name. */
export function fakeActivities(worldOf: (name: string) => World): Activities {
  const heard = <V extends Parameters<typeof overheard>[0]>(verbs: V): V => overheard(verbs, worldOf)
  return { act: heard(acting(worldOf)), watch: heard(watching(worldOf)), notify: fakePeople(worldOf) }
}

function acting(worldOf: (name: string) => World): Activities['act'] {
  return {
    observe: async ({ ref }) => structuredClone(worldOf(ref.name).picture),
    async openRelease({ ref, number, revision, from, returns, leaves }) {
      const { picture, plan, plans, terms, whileOpening } = worldOf(ref.name)
      await whileOpening?.(revision)
      picture.open = { number, revision, from, epoch: 0, stepIndex: 0 }
      plans[number] ??= returns ? { ...RETURN, ...(leaves ? { leaves } : {}) } : plan
      return { plan: plans[number], ...terms }
    },
    prepare: async ({ ref, canary }) => worldOf(ref.name).whilePreparing?.(canary),
    async prepareSide({ target, revision }) {
      worldOf(target.name).sides.push(revision)
    },
    async prepareDestinations({ target, revisions }) {
      const { aligned, picture, whileAligning } = worldOf(target.name)
      await whileAligning?.()
      aligned.push(revisions)
      delete picture.destinationsBehind
    },
    async ensureRevision({ ref, revision, replicas }) {
      const world = worldOf(ref.name)
      await world.whilePreparing?.(revision)
      world.sizes.push(replicas)
      return { grown: false }
    },
    async growRevisions({ ref, sizes }) {
      worldOf(ref.name).grown.push(sizes)
    },
    async setTraffic({ target, weights, aside, fence, stable }) {
      const { picture, ...world } = worldOf(target.name)
      const refused = world.refusing?.(weights)
      if (refused !== undefined) throw new Error(refused)
      const written = Object.fromEntries(Object.entries(weights).filter(([, weight]) => weight > 0))
      world.weights.push(written)
      world.asides.push(aside ?? {})
      world.fences.push(formatFence(fence))
      // A route at rest whose apex serves the one wanted revision already goes on naming the apex.
      const [only, ...others] = Object.keys(written)
      const isServing = picture.route.atRest && others.length === 0 && world.apex.at(-1) === only
      picture.route = { ...picture.route, atRest: isServing, weights: written }
      delete picture.route.foreign
      delete picture.route.replacedBy
      picture.nextSeq = fence.seq
      delete picture.route.preview
      if (stable !== undefined) {
        picture.stable = stable
        picture.declared = { ...picture.declared, isStable: picture.declared.revision === stable }
      }
      return { weights: written }
    },
    async restoreRoute({ target, fence }) {
      const { picture, weights, asides, fences, refusing } = worldOf(target.name)
      const refused = refusing?.({ apex: 100 })
      if (refused !== undefined) throw new Error(refused)
      weights.push({ apex: 100 })
      asides.push({})
      fences.push(formatFence(fence))
      picture.route = { ...picture.route, atRest: true, weights: { [picture.stable ?? '']: 100 } }
      picture.nextSeq = fence.seq
    },
    async pointApex({ ref, stable }) {
      worldOf(ref.name).apex.push(stable)
    },
    secondLever: async () => undefined,
    async removeRevision({ ref, revision }) {
      const { removed, adopting } = worldOf(ref.name)
      removed.push(revision)
      adopting.push(`removed: ${revision}`)
    },
    async replacePod({ ref, pod }) {
      worldOf(ref.name).replaced.push(pod)
    },
    async stopJob({ ref, ...job }) {
      await worldOf(ref.name).whileStopping?.()
      worldOf(ref.name).stopped.push({ ref, ...job })
    },
    collect: async () => undefined,
    settle: async () => undefined,
    lookWhenOpen: (input) => lookWhenOpen({ now: Date.now }, input),
    ...fakeAdoption(worldOf),
    ...fakeDecisions(worldOf),
    async report(progress) {
      const { picture, told, whileTelling } = worldOf(progress.ref.name)
      const { number, canary: revision, outcome, left } = progress
      picture.unsettled = outcome === undefined
      if (outcome) {
        picture.last = left ? { ...left, outcome, since: 'rolledBack' } : { number, revision, outcome }
        picture.nextNumber = number + 1
        picture.declared.rejected = picture.declared.revision === picture.last.revision && isRejected(picture.last)
        delete picture.open
      }
      told.push(progress)
      await whileTelling?.(progress)
    },
  }
}

function watching(worldOf: (name: string) => World): Activities['watch'] {
  return {
    watch(input) {
      const context = Context.current()
      const beat = setInterval(() => context.heartbeat(), 100)
      const { promise, resolve } = Promise.withResolvers<WatchResult>()
      const world = worldOf(input.ref.name)
      world.watches.push({ input, end: resolve })
      if (input.judgedFrom !== undefined && !world.silent) resolve({ kind: 'holdChanged' })
      return Promise.race([promise, context.cancelled]).finally(() => clearInterval(beat))
    },
    lookBack: async ({ ref }) => worldOf(ref.name).beginning,
    async awaitReady({ ref, replicas }) {
      const { notReady, whileWaiting } = worldOf(ref.name)
      await Promise.race([whileWaiting?.(replicas), Context.current().cancelled])
      if (notReady !== undefined) throw ApplicationFailure.nonRetryable(notReady, 'NotReady')
      return {}
    },
    awaitQuiet: async () => ({}),
    ...fakeHooks(worldOf),
    ...fakeDeclared(worldOf),
  }
}

function pictureOf(name: string): Picture {
  const namespace = 'shop'
  return {
    ref: { namespace, name },
    target: {
      namespace,
      name,
      uid: `uid-of-${name}`,
      router: { istio: { virtualServices: [{ name: 'shop', routes: ['primary'] }] } },
      service: { name, ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }] },
    },
    generation: 2,
    deleting: false,
    replicas: 2,
    suspend: false,
    onNewRevision: 'supersede',
    supersessions: 0,
    declared: { revision: CANARY, isStable: false, rejected: false, restart: false },
    stable: STABLE,
    stableReady: 2,
    route: { found: true, atRest: true, weights: { [STABLE]: 100 } },
    nextNumber: 2,
    nextSeq: 0,
    unsettled: false,
    revisions: [{ revision: STABLE, replicas: 2, ready: 2 }],
    settings: {
      settleMs: 0,
      scaleDownDelayMs: 100,
      abortScaleDownDelayMs: 100,
      drainMs: 1_000,
      progressDeadlineMs: 10_000,
    },
  }
}
