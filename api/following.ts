import { createHash } from 'node:crypto'
import { ROLLOUTS } from '../crds/resources.ts'
import type { Caller } from './access.ts'
import type { Fleet } from './fleet.ts'
import type { Message, Out } from './stream.ts'
import { createWake } from './wake.ts'

/** Rights are asked about again so often; those that went take their Rollouts with them. */
const RECHECK_MS = 30_000

/**
 * Tells a caller about the whole fleet, as far as Kubernetes lets them list it: everything first, or what changed after
 * `lastEventId` where that is still known, then every line that changes, whole.
 */
export async function followFleet(
  fleet: Fleet,
  { caller, lastEventId, out }: { caller: Pick<Caller, 'may'>; lastEventId: string | undefined; out: Out },
): Promise<void> {
  const wake = createWake()
  const unsubscribe = fleet.onChange((keys) => wake.add(keys))
  try {
    let seen = await visibleOf(fleet, caller)
    const missed = resumed(fleet, lastEventId, seen)
    if (missed) wake.add(missed)
    if (missed) await out.tell([RESUMED])
    else await out.tell([...(lastEventId ? [EXPIRED] : []), snapshot(fleet, seen)])
    for (let checked = Date.now(); !out.ended.aborted;) {
      const keys = await wake.next(Math.max(0, checked + RECHECK_MS - Date.now()), out.ended)
      // Of this moment: what changes while rights are asked about is told in the next round.
      const cursor = fleet.cursor()
      if (Date.now() - checked >= RECHECK_MS) {
        checked = Date.now()
        const now = await visibleOf(fleet, caller)
        const isSame = positionOf(fleet, now) === positionOf(fleet, stillThere(fleet, seen))
        seen = now
        if (!isSame) await out.tell([EXPIRED, snapshot(fleet, seen)])
        if (!isSame) continue
      }
      await out.tell(await changes(fleet, { keys, cursor, seen, caller }))
    }
  } finally {
    unsubscribe()
  }
}

const EXPIRED: Message = { event: 'expired', json: '{}' }
/** What a page shows is still true, and only what changed follows. */
const RESUMED: Message = { event: 'resumed', json: '{}' }

/** Lines of Rollouts that the caller may list. */
export async function visibleLines(fleet: Fleet, caller: Pick<Caller, 'may'>) {
  const seen = await visibleOf(fleet, caller)
  return fleet.words().filter(({ view }) => seen.has(view.namespace))
}

const namespacesOf = (fleet: Fleet): Set<string> => new Set(fleet.words().map(({ view }) => view.namespace))

async function visibleOf(fleet: Fleet, caller: Pick<Caller, 'may'>): Promise<Set<string>> {
  const seen = new Set<string>()
  await Promise.all(
    [...namespacesOf(fleet)].map(async (namespace) => {
      if (await mayList(caller, namespace)) seen.add(namespace)
    }),
  )
  return seen
}

/** Who may list everywhere is asked about nothing else. */
const mayList = async (caller: Pick<Caller, 'may'>, namespace: string): Promise<boolean> =>
  (await caller.may({ verb: 'list', resource: ROLLOUTS })) ||
  (await caller.may({ verb: 'list', resource: ROLLOUTS, namespace }))

function stillThere(fleet: Fleet, seen: Set<string>): Set<string> {
  const there = namespacesOf(fleet)
  return new Set([...seen].filter((namespace) => there.has(namespace)))
}

function snapshot(fleet: Fleet, seen: Set<string>): Message {
  const lines = fleet.words().filter(({ view }) => seen.has(view.namespace))
  return {
    event: 'snapshot',
    json: `{"rollouts":[${lines.map(({ json }) => json).join(',')}]}`,
    id: positionOf(fleet, seen),
  }
}

type Round = { keys: Set<string>; cursor: number; seen: Set<string>; caller: Pick<Caller, 'may'> }

async function changes(fleet: Fleet, { keys, cursor, seen, caller }: Round): Promise<Message[]> {
  const messages: Message[] = []
  for (const key of keys) {
    const namespace = key.slice(0, key.indexOf('/'))
    if (!seen.has(namespace) && (await mayList(caller, namespace))) seen.add(namespace)
    if (!seen.has(namespace)) continue
    const line = fleet.get(key)
    messages.push(line ? { event: 'rollout', json: line.json } : { event: 'gone', json: JSON.stringify({ key }) })
  }
  const last = messages.at(-1)
  if (last) last.id = positionOf(fleet, seen, cursor)
  return messages
}

/** A place in one process's story, as somebody with these rights reads it. */
function positionOf(fleet: Fleet, seen: Set<string>, cursor = fleet.cursor()): string {
  const rights = createHash('sha256')
    .update([...seen].sort().join('/'))
    .digest('base64url')
    .slice(0, 10)
  return `${fleet.era}.${rights}.${cursor}`
}

/** What the reader of that place missed; undefined when everything has to be told again. */
function resumed(fleet: Fleet, lastEventId: string | undefined, seen: Set<string>): string[] | undefined {
  const [era, rights, cursor] = lastEventId?.split('.') ?? []
  const here = positionOf(fleet, seen)
  if (cursor === undefined || !here.startsWith(`${era}.${rights}.`)) return undefined
  return fleet.since(Number(cursor))
}
