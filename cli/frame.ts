import { stripVTControlCharacters } from 'node:util'
import type { Terminal } from './terminal.ts'

export type Frame = {
  /** Lines in place of those that were drawn before. */
  draw: (lines: string[]) => void
  /** What is complained of stands above the lines and stays. */
  complain: (text: string) => void
}

/** A place on a screen in which lines are drawn over those before; nothing is written when nothing has changed. */
export function openFrame({
  print,
  complain,
  screen,
}: Terminal & { screen: { columns: number; rows: number } }): Frame {
  let drawn: string[] = []
  /** A screen that became narrower has broken lines since. */
  const height = (): number =>
    drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(lengthOf(line) / screen.columns)), 0)
  const back = (): string => (drawn.length === 0 ? '' : `\u001B[${height()}A\u001B[0J`)
  return {
    draw(lines) {
      const { columns, rows } = screen
      // What scrolled out above the screen cannot be drawn over.
      const next = lines.slice(0, rows - 1).map((line) => fit(line, columns))
      if (next.join('\n') === drawn.join('\n')) return
      print(`${back()}${next.join('\n')}\n`)
      drawn = next
    },
    complain(text) {
      if (drawn.length > 0) print(back())
      complain(text)
      if (drawn.length > 0) print(`${drawn.join('\n')}\n`)
    },
  }
}

const lengthOf = (line: string): number => stripVTControlCharacters(line).length

/** A line that the terminal would break counts twice on the way up. */
function fit(line: string, columns: number): string {
  const text = stripVTControlCharacters(line)
  return text.length <= columns ? line : `${text.slice(0, columns - 1)}…`
}
