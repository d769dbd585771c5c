import type { Terminal } from '../terminal.ts'

export type Progress = { tell(done: number, total: number): void; end(): void }

const BAR = 30
const LINES = 10

/** A bar that is drawn in place on a screen; in a log a line for every tenth. */
export const openProgress = (what: string, terminal: Terminal): Progress =>
  terminal.isComplaintSeen ? bar(what, terminal) : inLines(what, terminal)

function bar(what: string, { complain, colors }: Terminal): Progress {
  let drawn = ''
  return {
    tell(done, total) {
      const full = Math.floor((BAR * done) / total)
      const next = `${what} ${colors.cyan('█'.repeat(full))}${colors.dim('░'.repeat(BAR - full))} ${percent(done, total)}`
      if (next === drawn) return
      drawn = next
      complain(`\r${next}\u001B[K`)
    },
    end: () => complain('\r\u001B[K'),
  }
}

function inLines(what: string, { complain }: Terminal): Progress {
  let told = 0
  return {
    tell(done, total) {
      const tenth = Math.floor((LINES * done) / total)
      if (tenth <= told) return
      told = tenth
      complain(`${what}: ${percent(done, total)}\n`)
    },
    end: () => undefined,
  }
}

const percent = (done: number, total: number): string => `${Math.floor((100 * done) / total)} %`
