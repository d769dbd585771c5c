import { Command, CommanderError } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import { collected, durationText } from './commands/arguments.ts'
import { addEject, addRollback, addWords } from './commands/deciding.ts'
import { addBacktest, addExplain, addJudge, addLint, addPlan } from './commands/evidence.ts'
import { SELF } from './self.ts'
import { addCompletion, addHelp, addVersion } from './commands/shell.ts'
import type { Terminal } from './terminal.ts'
import { addGet, addHistory, addLogs, addStatus, addUi, addWatch } from './commands/showing.ts'

/** `args` as after the program's name. Returns the exit code and never throws: what goes wrong is said on the terminal. */
export async function run(args: string[], terminal: Terminal): Promise<number> {
  let code = 0
  const program = createProgram(terminal, (exitCode) => (code = exitCode))
  try {
    if (args[0] === COMPLETE) {
      const { answer } = await import('./completion/answer.ts')
      await answer(program, args.slice(1), terminal)
      return code
    }
    await program.parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    const { sentenceOf } = await import('./failure.ts')
    terminal.complain(`${terminal.colors.red('error:')} ${sentenceOf(error)}\n`)
    return 1
  }
}

/** What shells and kubectl call; the words behind it are none of this command line. */
const COMPLETE = '__complete'

const EXAMPLES = `
Examples:
  ${SELF} plan -f rollout.yaml                     what a release would be, before there is one
  ${SELF} lint -f manifests/                       every mistake in them, with line and column
  ${SELF} get -A                                   every Rollout
  ${SELF} status checkout -n shop --watch          follow a release: 0 promoted, 1 rolled back or aborted, 2 timeout
  ${SELF} approve checkout -n shop                 let it pass the gate that waits
  ${SELF} abort checkout -n shop --reason "..."    back to stable, now
  ${SELF} rollback checkout -n shop                what served before the last release serves again
  ${SELF} rollback checkout -n shop --direct       the route alone, when everything else is down
  ${SELF} eject checkout -n shop                   no Rollout any more; what serves stays
  ${SELF} explain checkout -n shop                 why: every figure that the verdict came from
  ${SELF} backtest -f rollout.yaml --prometheus .. what the policy would have done in the past`

// Commands import what they need when they run: help and mistakes answer at once.
function createProgram(terminal: Terminal, exit: (code: number) => void): Command {
  const program = new Command(SELF)
    .description('Shows releases of Rollouts and decides about them, with your kubeconfig alone.')
    .option('--kubeconfig <file>', 'kubeconfig (default: $KUBECONFIG, ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig')
    .option('-n, --namespace <namespace>', "namespace (default: the context's)")
    .option('--as <user>', 'act as somebody else, if you may')
    .option('--as-group <group>', 'and as a member of this group; may be repeated', collected)
    .option('--request-timeout <duration>', 'how long the API server may take for an answer', durationText, '10s')
    .addHelpText('after', EXAMPLES)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: terminal.print,
      writeErr: terminal.complain,
      outputError: (text, write) => write(asComplaint(text, terminal)),
    })
    .exitOverride()
    .showHelpAfterError(hintOf(SELF))
    .version(manifest.version, '-V, --version', 'the version')
  addCommands(program, terminal, exit)
  for (const command of program.commands) command.showHelpAfterError(hintOf(`${SELF} ${command.name()}`))
  return program
}

function addCommands(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program.commandsGroup('See what goes on:')
  addGet(program, terminal, exit)
  addWatch(program, terminal, exit)
  addStatus(program, terminal, exit)
  addHistory(program, terminal)
  addExplain(program, terminal, exit)
  addLogs(program, terminal, exit)
  addUi(program, terminal, exit)
  program.commandsGroup('Decide:')
  addWords(program, terminal, exit)
  addRollback(program, terminal, exit)
  addEject(program, terminal, exit)
  program.commandsGroup('Try out, without a cluster:')
  addPlan(program, terminal, exit)
  addLint(program, terminal, exit)
  addJudge(program, terminal, exit)
  addBacktest(program, terminal)
  program.commandsGroup('This program:')
  addVersion(program, terminal)
  addCompletion(program, terminal)
  addHelp(program)
}

const hintOf = (command: string): string => `(${command} --help shows how)`

function asComplaint(text: string, { colors }: Terminal): string {
  const words = text.replace("missing required argument 'name'", `which Rollout? ${SELF} get lists them`)
  return words.replace(/^error:/, colors.red('error:'))
}
