import { randomBytes } from 'node:crypto'
import type { Cluster } from './cluster.ts'
import { createJournal, type Journal } from './journal.ts'
import type { Sight } from './sight.ts'
import { rolloutView } from './view/rollout.ts'
import type { RolloutView } from './views.ts'

export type Line = { view: RolloutView; json: string }

/** All Rollouts as lines, made once for everybody. Positions of one process mean nothing in another: `era` tells them apart. */
export type Fleet = Omit<Journal<Line>, 'write' | 'erase'> & {
  era: string
  /** Keys of which the line changed or went, several at once. Returns what takes it back. */
  onChange(listener: (keys: string[]) => void): () => void
  /** Looks at what has changed so far, at once. */
  catchUp(): void
  stop(): void
}

/** Changes within so short a time are told together; a second behind is promised. */
const TOGETHER_MS = 50

export function openFleet(cluster: Pick<Cluster, 'sight' | 'onChange'>): Fleet {
  const journal = createJournal<Line>()
  const listeners = new Set<(keys: string[]) => void>()
  const dirty = new Set<string>()
  let timer: NodeJS.Timeout | undefined

  function catchUp(): void {
    clearTimeout(timer)
    timer = undefined
    const changed = [...dirty].filter((key) => renew(journal, key, cluster.sight(key)))
    dirty.clear()
    if (changed.length > 0) for (const listener of listeners) listener(changed)
  }

  const unsubscribe = cluster.onChange((key) => {
    dirty.add(key)
    timer ??= setTimeout(catchUp, TOGETHER_MS)
  })
  return {
    ...journal,
    era: randomBytes(6).toString('hex'),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    catchUp,
    stop() {
      clearTimeout(timer)
      unsubscribe()
    },
  }
}

/** Whether anybody could tell the difference. */
function renew(journal: Journal<Line>, key: string, sight: Sight | undefined): boolean {
  if (!sight) return journal.erase(key)
  const view = rolloutView(sight)
  return journal.write(key, { view, json: JSON.stringify(view) })
}
