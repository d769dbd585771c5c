import process from 'node:process'
import colors from 'picocolors'

export type Colors = ReturnType<typeof colors.createColors>

/** Where a command talks to. Injected, so that tests read what people see. */
export type Terminal = {
  print: (text: string) => void
  complain: (text: string) => void
  colors: Colors
  /** Size of the screen; absent when nobody looks at one (a pipe, a log). */
  screen?: { columns: number; rows: number }
  /** Complaints go to a screen: what is drawn there can be drawn over. */
  isComplaintSeen?: boolean
  /** Epoch milliseconds. */
  now: () => number
  /** Calls when whoever looks has seen enough (Ctrl-C); until somebody asks for it, that ends the process. */
  onInterrupt?: (stop: () => void) => void
}

export function openTerminal(): Terminal {
  const { stdout, stderr } = process
  return {
    print: (text) => void stdout.write(text),
    complain: (text) => void stderr.write(text),
    colors: colors.createColors(colors.isColorSupported),
    ...(stdout.isTTY ? { screen: { columns: stdout.columns, rows: stdout.rows } } : {}),
    isComplaintSeen: stderr.isTTY,
    now: () => Date.now(),
    onInterrupt: (stop) => void process.once('SIGINT', stop),
  }
}

/** For what goes on without end. */
export const whenInterrupted = ({ onInterrupt }: Terminal): Promise<void> =>
  new Promise((resolve) => onInterrupt?.(resolve))

/** What a shell says of a command that was interrupted. */
export const INTERRUPTED = 130
