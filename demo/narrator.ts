import { integer } from '../cli/render.ts'
import type { Release } from '../crds/schema/release.ts'
import type { Screen } from './screen.ts'
import type { Move, Witness } from './witness.ts'

/** Tells everything that changes, as it changes: the state, every move of the route, the evidence. Returns what ends it. */
export function narrate(witness: Witness, { say, murmur }: Screen): () => void {
  let told = { moves: 0, message: '', counts: '', sentence: '' }
  return witness.onChange(() => {
    const { rollout, releases, moves } = witness.now()
    const release = releases.at(-1)
    const { message = '' } = rollout?.status ?? {}
    const sentence = release?.status?.verdict?.sentence ?? ''
    const counts = release ? countsOf(release) : ''
    for (const move of moves.slice(told.moves)) say(moveWords(move, release))
    if (counts !== told.counts && counts) murmur(counts)
    if (sentence !== told.sentence && sentence) murmur(sentence)
    if (message !== told.message && message && message !== sentence) say(message)
    told = { moves: moves.length, message, counts, sentence }
  })
}

const BAR = 20

function moveWords({ weights }: Move, release: Release | undefined): string {
  const canary = release?.spec.revision ?? ''
  const percent = weights[canary]
  if (Object.keys(weights).length === 0) return 'route: at rest, everything to the Service checkout'
  if (percent === undefined) return `route: everything to ${Object.keys(weights).join(' and ')}`
  const filled = Math.round((percent / 100) * BAR)
  return `route: ${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${percent} % to ${canary}`
}

function countsOf({ spec, status }: Release): string {
  const { canary, stable } = status?.counts ?? {}
  if (!canary || !stable) return ''
  const words = ({ requests, failed }: typeof canary): string => `${integer(requests)} requests, ${integer(failed)} bad`
  return `release ${spec.number}: canary ${words(canary)}; stable ${words(stable)}`
}
