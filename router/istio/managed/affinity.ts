import type { Affinity, Revision } from '../../../crds/traffic.ts'
import type { Weights } from '../destinations.ts'

/** Where requests go that carry this cookie; without one: all others. */
export type Choice = {
  name: string
  /** Its value. */
  carries?: string
  weights: Weights
  /** The value that an answer of each revision sets, where clients are to remember it. */
  gives?: Record<Revision, string>
}

/**
 * With rising weights w_0 … w_k every client is on the canary with probability w_k/100, and never leaves it. One that was
 * left with stable at w_g is asked again with the chance that is missing, (w_k − w_g)/(100 − w_g): then it was not on the
 * canary with probability (1 − w_g/100) · (100 − w_k)/(100 − w_g) = 1 − w_k/100. A choice counts once per client, however
 * many requests it sends, because the answer says it, and at which weight it was left with stable.
 */
export function choicesOf(
  { token, weights }: Affinity,
  { stable, canary }: { stable: Revision; canary: Revision },
): Choice[] {
  const now = weights.at(-1)!
  const left = (weight: number): string => `${token}.s${weight}`
  const gives = { [stable]: left(now), [canary]: `${token}.c` }
  const again = [...new Set(weights)]
    .filter((before) => before < now)
    .map((before) => ({
      name: `from-${before}`,
      carries: left(before),
      weights: { [stable]: 100 - now, [canary]: now - before },
      gives,
    }))
  const stays = { name: 'stable', carries: left(now), weights: { [stable]: 100 } }
  return [
    { name: 'canary', carries: `${token}.c`, weights: { [canary]: 100 } },
    ...(now === 100 ? [] : [stays]),
    ...again,
    { name: 'split', weights: { [stable]: 100 - now, [canary]: now }, gives },
  ]
}
