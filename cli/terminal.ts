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
  }
}
