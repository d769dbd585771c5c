import { wrap } from '../cli/render.ts'
import { openTerminal, type Terminal } from '../cli/terminal.ts'

/** What the demo says: lines with the seconds since it began. */
export type Screen = {
  terminal: Terminal
  title: (text: string) => void
  say: (text: string) => void
  /** Figures and the like. */
  murmur: (text: string) => void
  complain: (text: string) => void
  /** As it is, without a time. */
  print: (lines: string[]) => void
}

const WIDTH = 120

export function openScreen(): Screen {
  const terminal = openTerminal()
  const { colors } = terminal
  const begun = terminal.now()
  const width = Math.min(WIDTH, terminal.screen?.columns ?? WIDTH)
  function line(text: string, paint: (text: string) => string): void {
    const seconds = `${((terminal.now() - begun) / 1_000).toFixed(1).padStart(6)} s  `
    const [first = '', ...more] = wrap(text, width - seconds.length)
    const lines = [colors.dim(seconds) + paint(first), ...more.map((one) => ' '.repeat(seconds.length) + paint(one))]
    terminal.print(`${lines.join('\n')}\n`)
  }
  const plain = (text: string): string => text
  return {
    terminal,
    title: (text) => terminal.print(`\n${colors.bold(text)}\n`),
    say: (text) => line(text, plain),
    murmur: (text) => line(text, colors.dim),
    complain: (text) => line(text, colors.red),
    print: (lines) => terminal.print(`${lines.join('\n')}\n`),
  }
}
