import type { Command } from 'commander'
import type { Action } from '../../crds/decision.ts'
import { durationText, wholeNumber } from './arguments.ts'
import type { DecideOptions } from '../decision/decide.ts'
import type { EjectOptions } from '../eject.ts'
import type { RollbackOptions } from '../rollback.ts'
import type { Terminal } from '../terminal.ts'

/** Commands by which people decide. They import what they need when they run. */

type Exit = (code: number) => void

const WORDS: [action: Action, description: string][] = [
  ['approve', 'let a release pass the gate that waits'],
  ['reject', 'refuse it at the gate that waits: back to stable'],
  ['abort', 'end the running release: back to stable, now'],
  ['promote', 'straight to everything, watched; overrides holds and gates'],
  ['step', 'end the current step now'],
  ['pause', 'stop going forward until resumed'],
  ['resume', 'go on after a pause'],
  ['retry', 'begin a release again that was taken back'],
]

export function addWords(program: Command, terminal: Terminal, exit: Exit): void {
  for (const [action, description] of WORDS) {
    const command = word(program, action, description).action(async (name: string, _options, command: Command) => {
      const { sayWord } = await import('../decision/decide.ts')
      exit(await sayWord(action, name, command.optsWithGlobals<DecideOptions>(), terminal))
    })
    if (action === 'approve' || action === 'reject') {
      command.option('--gate <name>', 'the gate (default: the one that waits)')
    }
  }
}

const word = (program: Command, name: string, description: string): Command =>
  program
    .command(`${name} <name>`)
    .description(description)
    .option('--release <number>', 'the release that is meant; any other is refused', wholeNumber)
    .option('--reason <text>', 'why, for the record')
    .option('--timeout <duration>', 'how long to wait for the answer: exit 2 without one', durationText, '30s')

export function addRollback(program: Command, terminal: Terminal, exit: Exit): void {
  word(program, 'rollback', 'back to the revision that served before, during a release or after it')
    .option('--direct', 'write the route itself, with your own rights and nothing but the API server')
    .action(async (name: string, _options, command: Command) => {
      const { rollback } = await import('../rollback.ts')
      exit(await rollback(name, command.optsWithGlobals<RollbackOptions>(), terminal))
    })
}

export function addEject(program: Command, terminal: Terminal, exit: Exit): void {
  program
    .command('eject <name>')
    .description('delete a Rollout and keep what serves, as plain Kubernetes objects: exit 0 done, 2 timeout')
    .option('--timeout <duration>', 'how long to wait for it', durationText, '10m')
    .action(async (name: string, _options, command: Command) => {
      const { eject } = await import('../eject.ts')
      exit(await eject(name, command.optsWithGlobals<EjectOptions>(), terminal))
    })
}
