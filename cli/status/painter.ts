import { openFrame } from '../frame.ts'
import { clock } from '../render.ts'
import { releaseOf, stateOf, type Sight } from '../sight.ts'
import type { Terminal } from '../terminal.ts'
import { view } from './view.ts'
import { moodOf } from '../words.ts'

/** `release`: the number of the one that is asked about. */
export type Painter = {
  paint: (sight: Sight, release?: number) => void
  /** Does not get in the way of what is painted. */
  complain: (text: string) => void
}

/** On a screen the view is redrawn in place; in a log every change is a line of its own. */
export const openPainter = (terminal: Terminal): Painter =>
  terminal.screen ? onScreen(terminal, terminal.screen) : inLines(terminal)

function onScreen(terminal: Terminal, screen: { columns: number; rows: number }): Painter {
  const frame = openFrame({ ...terminal, screen })
  const { colors } = terminal
  return {
    complain: frame.complain,
    paint: (sight, release) =>
      frame.draw(view(sight, { colors, width: screen.columns, ...(release === undefined ? {} : { release }) })),
  }
}

function inLines(terminal: Terminal): Painter {
  let told = ''
  return {
    complain: terminal.complain,
    paint(sight, release) {
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
