import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { complete } from './candidates.ts'
import { lookUp } from './lookup.ts'

/** What the shell does with words besides: 0 also offers files, 4 does not. The protocol of kubectl's plugins. */
const DIRECTIVE = { files: 0, none: 4 } as const

/** `sluice __complete WORDS…`: what may stand in place of the last word, a line each, and a directive. */
export async function answer(program: Command, words: string[], terminal: Terminal): Promise<void> {
  const { candidates, wanted, typed } = complete(program, words)
  const found = wanted === undefined ? candidates : await lookUp(wanted, typed)
  const current = words.at(-1) ?? ''
  const lines = found
    .filter(({ word }) => word.startsWith(current))
    .map(({ word, about }) => (about ? `${word}\t${about.split('\n')[0]}` : word))
  terminal.print([...lines, `:${wanted === 'files' ? DIRECTIVE.files : DIRECTIVE.none}`, ''].join('\n'))
}
