import { Option, type Command } from 'commander'
import type { Action } from '../crds/decision.ts'
import { durationText, wholeNumber } from './arguments.ts'
import type { DecideOptions } from './decide.ts'
import type { EjectOptions } from './eject.ts'
import type { RollbackOptions } from './rollback.ts'
import type { Terminal } from './terminal.ts'

/** Commands by which people decide. They import what they need when they run. */

const WORDS: [action: Action, description: string][] = [
  ['approve', 'let a release pass the gate that waits'],
  ['reject', 'refuse it at the gate that waits: back to stable'],
  ['abort', 'end the running release: back to stable, now'],
  ['promote', 'straight to everything, watched; overrides holds and gates'],
  ['step', 'end the current step now'],
  ['pause', 'stop going forward until resumed'],
  ['resume', 'go on after a pause'],
]

export function addWords(program: Command, terminal: Terminal): void {
  for (const [action, description] of WORDS) addWord(program, action, description, terminal)
}

function addWord(program: Command, action: Action, description: string, terminal: Terminal): void {
  const command = program
    .command(`${action} <name>`)
    .description(description)
    .option('--release <number>', 'the release that is meant; any other is refused', wholeNumber)
    .option('--reason <text>', 'why, for the record')
    .addOption(
      temporalOption('--temporal-address <host:port>', "the engine's Temporal", 'TEMPORAL_ADDRESS', '127.0.0.1:7233'),
    )
    .addOption(temporalOption('--temporal-namespace <name>', "Temporal's namespace", 'TEMPORAL_NAMESPACE', 'default'))
    .addOption(temporalOption('--cluster <name>', 'what the engine calls this cluster', 'SLUICE_CLUSTER', 'local'))
    .action(async (name: string, _options, command: Command) => {
      const { sayWord } = await import('./decide.ts')
      await sayWord(action, name, command.optsWithGlobals<DecideOptions>(), terminal)
    })
  if (action === 'approve' || action === 'reject')
    command.option('--gate <name>', 'the gate (default: the one that waits)')
}

const temporalOption = (flags: string, description: string, variable: string, fallback: string): Option =>
  new Option(flags, description).env(variable).default(fallback)

export function addRollback(program: Command, terminal: Terminal): void {
  program
    .command('rollback <name>')
    .description('go back on the route itself, with your own rights and nothing but the API server')
    .option('--direct', 'write the route without the engine')
    .action(async (name: string, _options, command: Command) => {
      const { rollback } = await import('./rollback.ts')
      await rollback(name, command.optsWithGlobals<RollbackOptions>(), terminal)
    })
}

export function addEject(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('eject <name>')
    .description('delete a Rollout and keep what serves, as plain Kubernetes objects: exit 0 done, 2 timeout')
    .option('--timeout <duration>', 'how long to wait for it', durationText, '10m')
    .action(async (name: string, _options, command: Command) => {
      const { eject } = await import('./eject.ts')
      exit(await eject(name, command.optsWithGlobals<EjectOptions>(), terminal))
    })
}
