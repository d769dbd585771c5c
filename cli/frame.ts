import { stripVTControlCharacters } from 'node:util'
import type { Terminal } from './terminal.ts'

export type Frame = { draw(lines: string[]): void }

/** A place on a screen in which lines are drawn over those before; nothing is written when nothing has changed. */
export function openFrame({ print, screen }: Terminal & { screen: { columns: number; rows: number } }): Frame {
  let drawn: string[] = []
  return {
    draw(lines) {
      const { columns, rows } = screen
      // What scrolled out above the screen cannot be drawn over.
      const next = lines.slice(0, rows - 1).map((line) => fit(line, columns))
      if (next.join('\n') === drawn.join('\n')) return
      const back = drawn.length === 0 ? '' : `\u001B[${drawn.length}A\u001B[0J`
      print(`${back}${next.join('\n')}\n`)
      drawn = next
    },
  }
}

/** A line that the terminal would break counts twice on the way up. */
function fit(line: string, columns: number): string {
  const text = stripVTControlCharacters(line)
  return text.length <= columns ? line : `${text.slice(0, columns - 1)}…`
}
