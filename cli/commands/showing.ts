import { Option, type Command } from 'commander'
import { durationText, integerText, wholeNumber } from './arguments.ts'
import { ENGINE_NAMESPACE } from '../defaults.ts'
import type { GetOptions } from '../get/get.ts'
import type { HistoryOptions } from '../history/history.ts'
import type { LogsOptions } from '../logs/logs.ts'
import { SELF } from '../self.ts'
import type { StatusOptions } from '../status/status.ts'
import type { Terminal } from '../terminal.ts'
import type { UiOptions } from '../ui/ui.ts'

/** Commands that show. They import what they need when they run. */

type Exit = (code: number) => void

export function addGet(program: Command, terminal: Terminal, exit: Exit): void {
  program
    .command('get [name]')
    .alias('list')
    .description('Rollouts, a line each')
    .option('-A, --all-namespaces', 'in all namespaces')
    .option('-w, --watch', 'go on with what changes')
    .addOption(new Option('-o, --output <format>', 'another form').choices(['wide', 'json', 'yaml']))
    .action(async (name: string | undefined, _options, command: Command) => {
      const { get } = await import('../get/get.ts')
      exit(await get(name, command.optsWithGlobals<GetOptions>(), terminal))
    })
}

export function addWatch(program: Command, terminal: Terminal, exit: Exit): void {
  program
    .command('watch [name]')
    .description('follow one release until it ends, or all Rollouts until Ctrl-C')
    .option('-A, --all-namespaces', 'all Rollouts of all namespaces')
    .addOption(new Option('-o, --output <format>', 'of all Rollouts').choices(['wide', 'json', 'yaml']))
    .option('--timeout <duration>', 'of one release: give up after, for example, 10m', durationText)
    .addHelpText('after', WATCH_HELP)
    .action(async (name: string | undefined, _options, command: Command) => {
      const options = command.optsWithGlobals<GetOptions & StatusOptions>()
      if (name !== undefined && options.allNamespaces) {
        command.error(`error: -A is for all Rollouts; one is watched where it is: ${SELF} watch ${name} -n NAMESPACE`)
      }
      if (name === undefined) {
        const { watchRollouts } = await import('../get/fleet.ts')
        return exit(await watchRollouts(undefined, options, terminal))
      }
      const { status } = await import('../status/status.ts')
      return exit(await status(name, { ...options, watch: true }, terminal))
    })
}

export function addStatus(program: Command, terminal: Terminal, exit: Exit): void {
  program
    .command('status <name>')
    .description('show a release: steps, weights, counts, evidence, what can be done')
    .option('-w, --watch', 'follow it until it ends')
    .option('--release <number>', 'another release than the running or last one', wholeNumber)
    .option('--revision <name>', 'the release of this revision or commit, even if it has not begun yet')
    .option('--timeout <duration>', 'follow it, and give up after, for example, 10m', durationText)
    .addHelpText('after', STATUS_HELP)
    .action(async (name: string, _options, command: Command) => {
      const { status } = await import('../status/status.ts')
      exit(await status(name, command.optsWithGlobals<StatusOptions>(), terminal))
    })
}

export function addHistory(program: Command, terminal: Terminal): void {
  program
    .command('history <name>')
    .description('its releases: how they ended, how long they took, whose commits, who decided')
    .option('--release <number>', 'one of them, with who said what', wholeNumber)
    .option('--against <number>', 'with --release: what differs between the two', wholeNumber)
    .addOption(new Option('-o, --output <format>', 'another form').choices(['wide', 'json', 'yaml']))
    .action(async (name: string, _options, command: Command) => {
      const { history } = await import('../history/history.ts')
      await history(name, command.optsWithGlobals<HistoryOptions>(), terminal)
    })
}

export function addLogs(program: Command, terminal: Terminal, exit: Exit): void {
  program
    .command('logs <name>')
    .description('what the pods of canary and stable wrote, each line behind its pod')
    .option('--canary', 'the pods of the canary alone')
    .option('--stable', 'the pods of stable alone')
    .option('--revision <name>', 'the pods of this revision')
    .option('-c, --container <name>', 'one container (default: all)')
    .option('-f, --follow', 'go on with what is written, by pods that come as well, until Ctrl-C')
    .option('--previous', 'of the containers before the last restart')
    .option('--since <duration>', 'not older than, for example, 10m', durationText)
    .option('--tail <lines>', 'of what is there already, per container; -1 is all', integerText, 100)
    .action(async (name: string, _options, command: Command) => {
      const { logs } = await import('../logs/logs.ts')
      exit(await logs(name, command.optsWithGlobals<LogsOptions>(), terminal))
    })
}

export function addUi(program: Command, terminal: Terminal, exit: Exit): void {
  program
    .command('ui')
    .description('open the page; through kubectl port-forward where it has no address')
    .addOption(new Option('--url <url>', 'where it is').env('SLUICE_UI_URL'))
    .addOption(new Option('--port <number>', 'on this machine').argParser(wholeNumber).default(0, 'a free one'))
    .option('--engine-namespace <name>', 'where the engine runs', ENGINE_NAMESPACE)
    .option('--no-open', 'print the address only')
    .action(async (_options, command: Command) => {
      const { ui } = await import('../ui/ui.ts')
      exit(await ui(command.optsWithGlobals<UiOptions>(), terminal))
    })
}

const EXIT_CODES = 'Exit code 0 promoted, 1 rolled back, aborted or refused, 2 timeout'

const WATCH_HELP = `
With a name the same as status NAME --watch, which can wait for a revision or a commit as well.
${EXIT_CODES}; 130 after Ctrl-C.`

const STATUS_HELP = `
Right after \`kubectl apply\`, --watch waits for what was declared last, not for the state before. Who applies something
else than the Rollout (a Deployment, a commit for GitOps) names what is waited for:
  ${SELF} status checkout -n shop --watch --timeout 30m --revision "$(git rev-parse HEAD)"
${EXIT_CODES}. Without --watch: 0 as well while it goes on.`
