import { setTimeout as sleep } from 'node:timers/promises'
import { handle, type Target } from './handler.ts'
import type { Running } from './process.ts'

/** A kubelet leaves at least this from SIGTERM to SIGKILL, however long the hook took. */
const LEAST_MS = 2_000

export type Farewell = {
  /** From now to SIGKILL. */
  graceMs: number
  /** Before SIGTERM: clients that have the address still come. 0 where nobody has it. */
  drainMs: number
  /** Nobody waits for a slow good-bye: no hook. */
  hasty: boolean
}

/** The preStop hook, then SIGTERM, then SIGKILL. Resolves when the process is gone, with what went wrong in the hook. */
export async function sayFarewell(
  running: Running,
  target: Target,
  { graceMs, drainMs, hasty }: Farewell,
): Promise<string | undefined> {
  const deadline = performance.now() + graceMs
  const preStop = hasty ? undefined : target.container.lifecycle?.preStop
  const hook = preStop && handle(preStop, target, graceMs)
  const wait = Promise.all([hook, drainMs > 0 ? sleep(drainMs) : undefined])
  const [outcome] = (await Promise.race([wait, running.exited.then(() => undefined)])) ?? []
  running.signal('SIGTERM')
  const kill = setTimeout(() => running.signal('SIGKILL'), Math.max(LEAST_MS, deadline - performance.now()))
  await running.exited
  clearTimeout(kill)
  return outcome && !outcome.ok ? outcome.words : undefined
}
