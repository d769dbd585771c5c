import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
import { complete } from './candidates.ts'
import { lookUp } from './lookup.ts'

/** What the shell does with words besides: 0 also offers files, 4 does not. The protocol of kubectl's plugins. */
const DIRECTIVE = { files: 0, none: 4 } as const

/** `sluice __complete WORDS…`: what may stand in place of the last word, a line each, and a directive. */
export async function answer(program: Command, words: string[], terminal: Terminal): Promise<void> {
  const [, prefix = ''] = /^(--[\w-]+=)/.exec(words.at(-1) ?? '') ?? []
  const apart = valuesApart(words)
  const { candidates, wanted, typed } = complete(program, apart)
  const found = wanted === undefined ? candidates : await lookUp(wanted, typed)
  const current = apart.at(-1) ?? ''
  const lines = found
    .filter(({ word }) => word.startsWith(current))
    .map(({ word, about }) => `${prefix}${word}${about ? `\t${about.split('\n')[0]}` : ''}`)
  terminal.print([...lines, `:${wanted === 'files' ? DIRECTIVE.files : DIRECTIVE.none}`, ''].join('\n'))
}

/** `--flag=value` as two words. Bash gives three, with the sign between them, or after the flag where the value is missing. */
function valuesApart(words: string[]): string[] {
  const whole = words.at(-1) === '=' ? [...words, ''] : words
  return whole.filter((word) => word !== '=').flatMap((word) => /^(--[\w-]+)=([^]*)$/.exec(word)?.slice(1) ?? [word])
}
