import { ApplicationFailure, Context } from '@temporalio/activity'
import { encodeLedger, type Ledger } from '../analysis/index.ts'
import type { Explanation } from '../crds/verdict.ts'
import { describeError } from '../kube/index.ts'
import { countsOf } from './counts.ts'
import type { Deps } from './deps.ts'
import { writeStatus, type At } from './storage.ts'

export type Writer = {
  /**
   * Counts and verdict at most every max(interval, 10 s), rows at most every 60 s; `now` writes everything. Returns why
   * the evidence is not stored, if so; throws only when another watch has taken over or the Release is gone.
   */
  write(explanation: Explanation, now: boolean): Promise<string | undefined>
  /** Stores what was not stored yet, so that the verdict of an ended release can be computed again. Never throws. */
  close(): Promise<void>
}

export type WriterOptions = {
  deps: Deps
  at: At
  epoch: number
  ledger: () => Ledger
  /** Why what is stored cannot be read: it is kept as it is, for a person to look at. */
  damage?: string | undefined
}

const STATUS_EVERY_MS = 10_000
const LEDGER_EVERY_MS = 60_000

export function openWriter({ deps, at, epoch, ledger, damage }: WriterOptions): Writer {
  const writtenAt = { status: 0, ledger: deps.now() }
  let unstored: Explanation | undefined
  let trouble: string | undefined

  async function store(explanation: Explanation, rows: boolean): Promise<void> {
    const known = ledger()
    const status = { epoch, verdict: explanation, counts: countsOf(known) }
    const all = rows && damage === undefined ? { ...status, ledger: encodeLedger(known) } : status
    await writeStatus(deps, at, epoch, all)
    writtenAt.status = deps.now()
    if (!rows) return
    writtenAt.ledger = deps.now()
    unstored = undefined
  }

  return {
    async write(explanation, now) {
      unstored = explanation
      const everyMs = Math.max(ledger().policy.interval * 1_000, STATUS_EVERY_MS)
      const rows = now || trouble !== undefined || deps.now() - writtenAt.ledger >= LEDGER_EVERY_MS
      if (!rows && deps.now() - writtenAt.status < everyMs) return trouble
      try {
        await store(explanation, rows)
        trouble = undefined
      } catch (error) {
        if (error instanceof ApplicationFailure) throw error
        trouble = describeError(error)
      }
      return trouble
    },
    async close() {
      try {
        if (unstored) await store(unstored, true)
      } catch (error) {
        sayLost(at, error)
      }
    },
  }
}

function sayLost({ name }: At, error: unknown): void {
  // What a newer watch has taken over, it reads again.
  const level = error instanceof ApplicationFailure ? 'debug' : 'warn'
  Context.current().log[level]('the last rows were not stored', { release: name, error: describeError(error) })
}
