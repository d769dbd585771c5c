import process from 'node:process'
import type { WriteStream } from 'node:tty'
import { stripVTControlCharacters } from 'node:util'
import colors from 'picocolors'

export type Colors = ReturnType<typeof colors.createColors>

/** Where a command talks to. Injected, so that tests read what people see. */
export type Terminal = {
  print: (text: string) => void
  complain: (text: string) => void
  colors: Colors
  /** Size of the screen, as it is now; absent when nobody looks at one (a pipe, a log). */
  screen?: { columns: number; rows: number }
  /** Complaints go to a screen: what is drawn there can be drawn over. */
  isComplaintSeen?: boolean
  /** Epoch milliseconds. */
  now: () => number
  /** Calls when whoever looks has seen enough (Ctrl-C); until somebody asks for it, that ends the process. */
  onInterrupt?: (stop: () => void) => void
}

export function openTerminal(): Terminal {
  const { stdout, stderr, env } = process
  const isColored = paints(env, stdout)
  return {
    print: (text) => void stdout.write(text),
    complain: (text) => void stderr.write(paints(env, stderr) ? text : stripVTControlCharacters(text)),
    colors: colors.createColors(isColored),
    ...(stdout.isTTY ? { screen: sizeOf(stdout) } : {}),
    isComplaintSeen: stderr.isTTY,
    now: () => Date.now(),
    onInterrupt: (stop) => void process.once('SIGINT', stop),
  }
}

/** Whether there may be colours: on a screen that has them, unless NO_COLOR; FORCE_COLOR, where it is no screen as well. */
export function paints({ NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv, { isTTY }: { isTTY?: boolean }): boolean {
  if (NO_COLOR) return false
  if (FORCE_COLOR) return FORCE_COLOR !== '0'
  return isTTY === true && TERM !== 'dumb'
}

/** Terminals that nobody has measured say nothing, or 0. */
const sizeOf = (stream: WriteStream): { columns: number; rows: number } => ({
  get columns() {
    return stream.columns || 80
  },
  get rows() {
    return stream.rows || 24
  },
})

/** For what goes on without end. */
export const whenInterrupted = ({ onInterrupt }: Terminal): Promise<void> =>
  new Promise((resolve) => onInterrupt?.(resolve))

/** What a shell says of a command that was interrupted. */
export const INTERRUPTED = 130
