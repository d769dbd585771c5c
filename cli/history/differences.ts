import { isDeepStrictEqual } from 'node:util'
import type { Release } from '../../crds/schema/release.ts'
import { integer, table } from '../render.ts'
import type { Terminal } from '../terminal.ts'
import { stepWords } from '../words.ts'

/** What differs between two releases: how they went, and every field of what was declared. */
export function differences(before: Release, after: Release, { colors }: Pick<Terminal, 'colors'>): string[] {
  const declared = [
    ...changes('template', before.spec.template, after.spec.template),
    ...changes('configs', before.spec.configs, after.spec.configs),
    ...changes('policy', before.spec.policy, after.spec.policy),
  ]
  return [
    ...table(
      ['', `RELEASE ${before.spec.number}`, `RELEASE ${after.spec.number}`],
      facts(before).map(([name, value], index) => [name, value, facts(after)[index]?.[1] ?? '']),
    ),
    '',
    ...(declared.length === 0 ? ['Both declare the same template, configs and analysis.'] : []),
    ...declared.flatMap(({ path, was, is }) => [
      colors.bold(path),
      ...(was === undefined ? [] : [colors.red(`  - ${JSON.stringify(was)}`)]),
      ...(is === undefined ? [] : [colors.green(`  + ${JSON.stringify(is)}`)]),
    ]),
  ]
}

type Fact = [name: string, value: string]

function facts({ spec, status }: Release): Fact[] {
  const { canary } = status?.counts ?? {}
  const { commit, author, images } = spec.provenance
  return [
    ['outcome', status?.outcome ?? 'Running'],
    ['revision', spec.revision],
    ['commit', [commit?.slice(0, 10), author].filter(Boolean).join(' ')],
    ['images', images.join(' ')],
    ['steps', spec.plan.steps.map(stepWords).join(' → ')],
    ['requests', canary ? `${integer(canary.requests)}, ${integer(canary.failed)} failed` : ''],
    ['verdict', status?.verdict?.sentence ?? ''],
  ]
}

type Change = { path: string; was: unknown; is: unknown }

/** Fields that one has and the other has not, or has otherwise; entries of lists with names are told apart by these. */
function changes(path: string, was: unknown, is: unknown): Change[] {
  if (isDeepStrictEqual(was, is)) return []
  const [before, after] = [partsOf(was), partsOf(is)]
  if (!before || !after) return [{ path, was, is }]
  const keys = new Set([...before.keys(), ...after.keys()])
  return [...keys].flatMap((key) => changes(`${path}${key}`, before.get(key), after.get(key)))
}

function partsOf(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!Array.isArray(value)) return new Map(Object.entries(value).map(([key, part]) => [`.${key}`, part]))
  const named = value as { name?: string }[]
  const names = named.map((entry) => entry?.name)
  const areNames = names.every((name) => typeof name === 'string') && new Set(names).size === names.length
  return new Map(named.map((entry, index) => [areNames ? `[${entry.name}]` : `[${index}]`, entry]))
}
