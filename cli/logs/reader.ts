import { parseDuration } from '../../crds/duration.ts'
import { describeError } from '../../kube/index.ts'
import type { Access } from '../access.ts'
import type { Colors, Terminal } from '../terminal.ts'
import type { Source } from './sources.ts'

export type ReadOptions = { follow?: boolean; previous?: boolean; tail: number; since?: string }

/**
 * Reads one container after the other, or side by side: whole lines, each behind its place. Never rejects: it complains,
 * and gives false.
 */
export function openReader(
  { kube }: Access,
  { follow = false, previous = false, tail, since }: ReadOptions,
  terminal: Terminal,
  signal: AbortSignal,
): (source: Source) => Promise<boolean> {
  const options = {
    ...(tail < 0 ? {} : { tail }),
    ...(follow ? { follow } : {}),
    ...(previous ? { previous } : {}),
    ...(since === undefined ? {} : { since: Math.max(1, Math.ceil(parseDuration(since) / 1_000)) }),
  }
  return async ({ side, pod, container, namespace }) => {
    const place = `${side} ${pod} ${container}`
    const begin = `${paintOf(side, terminal.colors)(place)} ${terminal.colors.dim('|')} `
    const onLine = (line: string): void => terminal.print(`${begin}${line}\n`)
    try {
      await kube.log({ namespace, name: pod }, { container, ...options }, onLine, signal)
      return true
    } catch (error) {
      terminal.complain(`${place}: ${describeError(error)}\n`)
      return false
    }
  }
}

const paintOf = (side: string, colors: Colors): ((text: string) => string) =>
  side === 'canary' ? colors.yellow : side === 'stable' ? colors.green : colors.dim
