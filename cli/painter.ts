import { stripVTControlCharacters } from 'node:util'
import { clock } from './render.ts'
import { releaseOf, stateOf, type Sight } from './sight.ts'
import type { Terminal } from './terminal.ts'
import { view } from './view.ts'
import { moodOf } from './words.ts'

export type Painter = { paint(sight: Sight): void }

/** On a screen the view is redrawn in place; in a log every change is a line of its own. */
export const openPainter = (terminal: Terminal, release: number | undefined): Painter =>
  terminal.screen ? onScreen(terminal, terminal.screen, release) : inLines(terminal, release)

function onScreen(terminal: Terminal, { columns, rows }: { columns: number; rows: number }, release?: number): Painter {
  let drawn: string[] = []
  return {
    paint(sight) {
      const lines = view(sight, {
        colors: terminal.colors,
        width: columns,
        ...(release === undefined ? {} : { release }),
      })
      // What scrolled out above the screen cannot be drawn over.
      const next = lines.slice(0, rows - 1).map((line) => fit(line, columns))
      if (next.join('\n') === drawn.join('\n')) return
      const back = drawn.length === 0 ? '' : `\u001B[${drawn.length}A\u001B[0J`
      terminal.print(`${back}${next.join('\n')}\n`)
      drawn = next
    },
  }
}

/** A line that the terminal would break counts twice on the way up. */
function fit(line: string, columns: number): string {
  const text = stripVTControlCharacters(line)
  return text.length <= columns ? line : `${text.slice(0, columns - 1)}…`
}

function inLines(terminal: Terminal, release?: number): Painter {
  let told = ''
  return {
    paint(sight) {
      const words = lineOf(sight, release)
      if (words === told) return
      told = words
      terminal.print(`${clock(new Date(terminal.now()).toISOString())}  ${words}\n`)
    },
  }
}

/** While it runs everything is taken from the Rollout, which is written at once: two watches would tell halves of a step. */
function lineOf(sight: Sight, asked?: number): string {
  const { rollout } = sight
  if (!rollout) return 'The Rollout is gone.'
  const release = releaseOf(sight, asked)
  const { phase, message } = stateOf(sight, asked)
  const { release: running, step, weight } = rollout.status ?? {}
  const number = release?.spec.number ?? running
  const facts = [
    `${moodOf(phase).icon} ${phase}`,
    ...(number === undefined ? [] : [`release ${number}`]),
    ...(number === running && step !== undefined ? [`step ${step}`] : []),
    ...(number === running && weight !== undefined ? [`weight ${weight} %`] : []),
  ]
  return `${facts.join(' · ')}  ${message}`
}
