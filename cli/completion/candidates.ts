import type { Command, Option } from 'commander'
import { SHELLS } from './scripts.ts'

export type Candidate = { word: string; about?: string }

/** What a value is, where the cluster or the machine knows which there are. */
export type Wanted = 'rollouts' | 'namespaces' | 'contexts' | 'gates' | 'releases' | 'files'

export type Completion = {
  candidates: Candidate[]
  /** To be looked up besides. */
  wanted?: Wanted
  /** Flags that were typed, by their long names without dashes, and the first argument. */
  typed: { flags: Map<string, string>; name?: string }
}

/** What may stand in place of the last word. */
export function complete(program: Command, words: string[]): Completion {
  const before = words.slice(0, -1)
  const current = words.at(-1) ?? ''
  const { command, args, flags, open } = read(program, before)
  const typed = { flags, ...(args[0] === undefined ? {} : { name: args[0] }) }
  if (open) return { ...valuesOf(open), typed }
  if (current.startsWith('-')) return { candidates: optionsOf(program, command).map(asCandidate), typed }
  const isVerb = !command || (command.name() === 'help' && args.length === 0)
  if (isVerb) return { candidates: verbsOf(program), typed }
  if (command.name() === 'completion' && args.length === 0) {
    return { candidates: SHELLS.map((word) => ({ word })), typed }
  }
  const argument = command.registeredArguments[args.length]
  if (!argument) return { candidates: [], typed }
  return { candidates: [], wanted: argument.name() === 'name' ? 'rollouts' : 'files', typed }
}

type Read = { command?: Command; args: string[]; flags: Map<string, string>; open?: Option }

/** `open`: the option whose value is about to be typed. */
function read(program: Command, words: string[]): Read {
  const found: Read = { args: [], flags: new Map() }
  for (const word of words) {
    if (found.open) {
      found.flags.set(found.open.attributeName(), word)
      delete found.open
    } else if (word.startsWith('-')) {
      const option = optionsOf(program, found.command).find(({ short, long }) => word === short || word === long)
      if (option?.required) found.open = option
    } else if (found.command) found.args.push(word)
    else {
      const command = program.commands.find((one) => one.name() === word || one.aliases().includes(word))
      if (command) found.command = command
    }
  }
  return found
}

function valuesOf(option: Option): Pick<Completion, 'candidates' | 'wanted'> {
  if (option.argChoices) return { candidates: option.argChoices.map((word) => ({ word })) }
  const wanted =
    WANTED[option.attributeName()] ?? (/<(.*file|.*\.(yaml|svg))>/.test(option.flags) ? 'files' : undefined)
  return { candidates: [], ...(wanted === undefined ? {} : { wanted }) }
}

const WANTED: Record<string, Wanted> = {
  namespace: 'namespaces',
  engineNamespace: 'namespaces',
  context: 'contexts',
  gate: 'gates',
  release: 'releases',
  against: 'releases',
}

const optionsOf = (program: Command, command: Command | undefined): readonly Option[] => [
  ...(command?.options ?? []),
  ...program.options,
]

const asCandidate = ({ long, short, description }: Option): Candidate => ({
  word: long ?? short ?? '',
  about: description,
})

const verbsOf = (program: Command): Candidate[] =>
  program
    .createHelp()
    .visibleCommands(program)
    .map((command) => ({ word: command.name(), about: command.description() }))
