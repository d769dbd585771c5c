import { Command, CommanderError, Option } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import type { Action } from '../crds/decision.ts'
import { durationText, wholeNumber } from './arguments.ts'
import type { DecideOptions } from './decide.ts'
import { addBacktest, addExplain, addJudge, addPlan } from './evidence.ts'
import type { EjectOptions } from './eject.ts'
import type { GetOptions } from './get.ts'
import { SELF } from './self.ts'
import type { StatusOptions } from './status.ts'
import type { RollbackOptions } from './rollback.ts'
import type { Terminal } from './terminal.ts'

/** `args` as after the program's name. Returns the exit code and never throws: what goes wrong is said on the terminal. */
export async function run(args: string[], terminal: Terminal): Promise<number> {
  let code = 0
  const program = createProgram(terminal, (exitCode) => (code = exitCode))
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    const { sentenceOf } = await import('./failure.ts')
    terminal.complain(`${terminal.colors.red('error:')} ${sentenceOf(error)}\n`)
    return 1
  }
}

const EXAMPLES = `
Examples:
  ${SELF} plan -f rollout.yaml                     what a release would be, before there is one
  ${SELF} get -A                                   every Rollout
  ${SELF} status checkout -n shop --watch          follow a release: 0 promoted, 1 rolled back or aborted, 2 timeout
  ${SELF} approve checkout -n shop                 let it pass the gate that waits
  ${SELF} abort checkout -n shop --reason "..."    back to stable, now
  ${SELF} rollback checkout -n shop --direct       the route alone, when everything else is down
  ${SELF} eject checkout -n shop                   no Rollout any more; what serves stays
  ${SELF} explain checkout -n shop                 why: every figure that the verdict came from
  ${SELF} backtest -f rollout.yaml --prometheus .. what the policy would have done in the past`

// Commands import what they need when they run: help and mistakes answer at once.
function createProgram(terminal: Terminal, exit: (code: number) => void): Command {
  const program = new Command('sluice')
    .description('Shows releases of Rollouts and decides about them, with your kubeconfig alone.')
    .option('--kubeconfig <file>', 'kubeconfig (default: $KUBECONFIG, ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig')
    .option('-n, --namespace <namespace>', "namespace (default: the context's)")
    .addHelpText('after', EXAMPLES)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: terminal.print, writeErr: terminal.complain })
    .exitOverride()
    .showHelpAfterError(`(${SELF} --help shows what there is)`)
    .version(manifest.version, '-V, --version', 'the version')
  addViews(program, terminal, exit)
  addPlan(program, terminal, exit)
  addExplain(program, terminal, exit)
  for (const [action, description] of WORDS) addWord(program, action, description, terminal)
  addRollback(program, terminal)
  addEject(program, terminal, exit)
  addJudge(program, terminal, exit)
  addBacktest(program, terminal)
  return program
}

function addViews(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('get [name]')
    .description('list Rollouts')
    .option('-A, --all-namespaces', 'in all namespaces')
    .addOption(new Option('-o, --output <format>', 'another form').choices(['wide', 'json', 'yaml']))
    .action(async (name: string | undefined, _options, command: Command) => {
      const { get } = await import('./get.ts')
      await get(name, command.optsWithGlobals<GetOptions>(), terminal)
    })
  program
    .command('status <name>')
    .description('show a release: steps, weights, counts, evidence, what can be done')
    .option('-w, --watch', 'follow it until it ends: exit 0 promoted, 1 rolled back or aborted, 2 timeout')
    .option('--release <number>', 'another release than the running or last one', wholeNumber)
    .option('--timeout <duration>', 'with --watch: give up after, for example, 10m', durationText)
    .action(async (name: string, _options, command: Command) => {
      const { status } = await import('./status.ts')
      exit(await status(name, command.optsWithGlobals<StatusOptions>(), terminal))
    })
}

const WORDS: [action: Action, description: string][] = [
  ['approve', 'let a release pass the gate that waits'],
  ['reject', 'refuse it at the gate that waits: back to stable'],
  ['abort', 'end the running release: back to stable, now'],
  ['promote', 'straight to everything, watched; overrides holds and gates'],
  ['step', 'end the current step now'],
  ['pause', 'stop going forward until resumed'],
  ['resume', 'go on after a pause'],
]

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

function addRollback(program: Command, terminal: Terminal): void {
  program
    .command('rollback <name>')
    .description('go back on the route itself, with your own rights and nothing but the API server')
    .option('--direct', 'write the route without the engine')
    .action(async (name: string, _options, command: Command) => {
      const { rollback } = await import('./rollback.ts')
      await rollback(name, command.optsWithGlobals<RollbackOptions>(), terminal)
    })
}

function addEject(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('eject <name>')
    .description('delete a Rollout and keep what serves, as plain Kubernetes objects: exit 0 done, 2 timeout')
    .option('--timeout <duration>', 'how long to wait for it', durationText, '10m')
    .action(async (name: string, _options, command: Command) => {
      const { eject } = await import('./eject.ts')
      exit(await eject(name, command.optsWithGlobals<EjectOptions>(), terminal))
    })
}
