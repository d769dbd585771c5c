import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { GROUP } from '../../crds/names.ts'
import { examine } from '../admission/admission.ts'
import { documentsIn, placeWords, spelled } from '../admission/documents.ts'
import { isKind, KINDS } from '../admission/kinds.ts'
import { Refusal } from '../failure.ts'
import { nearest } from '../nearest.ts'
import type { Terminal } from '../terminal.ts'
import type { Declaration, Mistake } from './mistake.ts'
import { missingRoutes, twice } from './references.ts'

export type LintOptions = { file: string[]; output?: 'json' }

/**
 * `sluice lint -f FILE`: every mistake in the objects of Sluice in files and folders, with its place, as the API server
 * would find it; asks no cluster. Returns 1 when there is one. Throws `Refusal` where there is nothing to look at.
 */
export async function lint({ file: names, output }: LintOptions, terminal: Terminal): Promise<number> {
  const files = (await Promise.all(names.map(filesIn))).flat()
  const written = (await Promise.all(files.map(documentsIn))).flat()
  const objects = written.filter((one) => 'manifest' in one)
  const ours = objects.filter(({ manifest }) => manifest.apiVersion?.startsWith(`${GROUP}/`))
  const unread = written.flatMap((one) => ('trouble' in one ? one.trouble : []))
  if (ours.length === 0 && unread.length === 0) {
    const where = names.map((name) => (name === '-' ? 'standard input' : name)).join(', ')
    throw new Refusal(`there is no object of ${GROUP} in ${where}`)
  }
  const mistakes = [...unread, ...ours.flatMap(mistakesIn), ...twice(ours), ...missingRoutes(objects)]
  if (output === 'json') {
    const plain = mistakes.map(({ at, ...mistake }) => ({ ...at, ...mistake }))
    terminal.print(`${JSON.stringify(plain, undefined, 2)}\n`)
  } else terminal.print(`${[...mistakes.map((one) => lineOf(one, terminal)), summary(ours, mistakes)].join('\n')}\n`)
  return mistakes.length > 0 ? 1 : 0
}

function mistakesIn({ manifest, placeOf }: Declaration): Mistake[] {
  const { kind } = manifest
  if (!isKind(kind)) {
    const meant = nearest(String(kind), [...KINDS])
    const hint = meant === undefined ? `there are ${KINDS.join(', ')}` : `did you mean ${meant}?`
    return [{ at: placeOf(['kind']), field: 'kind', message: `${GROUP} has no ${kind}; ${hint}` }]
  }
  const { complaints } = examine(kind, manifest)
  return complaints.map(({ path, message }) => ({ at: placeOf(path), field: spelled(path), message }))
}

const lineOf = ({ at, field, message }: Mistake, { colors }: Terminal): string =>
  `${colors.bold(placeWords(at))}: ${field === undefined ? '' : `${field}: `}${message}`

function summary(ours: Declaration[], mistakes: Mistake[]): string {
  const counts = Map.groupBy(ours, ({ manifest }) => String(manifest.kind))
  const what = [...counts].map(([kind, all]) => counted(all.length, kind)).join(', ')
  return `${what || 'No object'}: ${mistakes.length === 0 ? 'no mistakes' : counted(mistakes.length, 'mistake')}.`
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** A folder stands for the YAML and JSON files below it. */
async function filesIn(name: string): Promise<string[]> {
  if (name === '-') return [name]
  try {
    if (!(await stat(name)).isDirectory()) return [name]
    const entries = await readdir(name, { recursive: true })
    return entries
      .filter((entry) => /\.(ya?ml|json)$/.test(entry))
      .sort()
      .map((entry) => join(name, entry))
  } catch (error) {
    throw new Refusal(`cannot read ${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
