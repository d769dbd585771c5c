import { Argument, Option, type Command } from 'commander'
import { SHELLS, type Shell } from '../completion/scripts.ts'
import { ENGINE_NAMESPACE } from '../defaults.ts'
import { nearest } from '../nearest.ts'
import type { Terminal } from '../terminal.ts'
import type { VersionOptions } from '../version/version.ts'

/** Commands about the program itself. */

export function addVersion(program: Command, terminal: Terminal): void {
  program
    .command('version')
    .description('the version of this program, and of the engine in the cluster')
    .option('--client', 'of this program alone; asks no cluster')
    .option('--engine-namespace <name>', 'where the engine runs', ENGINE_NAMESPACE)
    .addOption(new Option('-o, --output <format>', 'for machines').choices(['json', 'yaml']))
    .action(async (_options, command: Command) => {
      const { version } = await import('../version/version.ts')
      await version(command.optsWithGlobals<VersionOptions>(), terminal)
    })
}

export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description('what makes a shell complete verbs, Rollouts, namespaces and flags')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText('after', COMPLETION_HELP)
    .action(async (shell: Shell) => {
      const { scriptFor } = await import('../completion/scripts.ts')
      terminal.print(scriptFor(shell))
    })
}

/** Instead of commander's own, which answers a verb that there is not with all of them. */
export function addHelp(program: Command): void {
  program.helpCommand(false)
  program
    .command('help [verb]')
    .description('what a verb takes, with examples')
    .action((verb: string | undefined, _options, command: Command) => {
      if (verb === undefined) return program.help()
      const found = program.commands.find((one) => one.name() === verb || one.aliases().includes(verb))
      if (found) return found.help()
      const names = program.commands.map((one) => one.name())
      const meant = nearest(verb, names)
      return command.error(`error: unknown command '${verb}'${meant === undefined ? '' : `\n(Did you mean ${meant}?)`}`)
    })
}

const COMPLETION_HELP = `
  source <(sluice completion bash)             # in ~/.bashrc
  source <(sluice completion zsh)              # in ~/.zshrc, behind compinit
  sluice completion fish | source              # in ~/.config/fish/config.fish
kubectl completes \`kubectl sluice\` by itself where kubectl_complete-sluice is on PATH.`
