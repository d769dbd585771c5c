import type { Rollout } from '../../crds/schema/rollout.ts'
import { Refusal } from '../failure.ts'

export type ChoiceOptions = { canary?: boolean; stable?: boolean; revision?: string }

/** Which revisions are read, and what each is called. */
export type Choice = { sideOf: (revision: string) => string | undefined; words: string }

/** Canary and stable where nothing is said. Throws `Refusal` where there is none of what is asked for. */
export function choose({ metadata, status }: Rollout, { canary, stable, revision }: ChoiceOptions): Choice {
  const sides = new Map([
    ...(status?.stable ? [[status.stable, 'stable'] as const] : []),
    ...(status?.canary ? [[status.canary, 'canary'] as const] : []),
  ])
  if (revision !== undefined) {
    const sideOf = (of: string): string | undefined =>
      of.startsWith(revision) ? (sides.get(of) ?? 'other') : undefined
    return { sideOf, words: `revision ${revision}` }
  }
  if (canary && !stable && !status?.canary) {
    throw new Refusal(`no release of ${metadata.namespace}/${metadata.name} is under way: there is no canary`)
  }
  const wanted = canary === stable ? ['canary', 'stable'] : [canary ? 'canary' : 'stable']
  const sideOf = (of: string): string | undefined => {
    const side = sides.get(of)
    return side !== undefined && wanted.includes(side) ? side : undefined
  }
  return { sideOf, words: wanted.join(' and ') }
}
