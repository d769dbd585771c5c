import type { Look } from './looks.ts'

/** What a rule has made of the looks: the one at which it decided, or the last one. */
export type Ruling = { verdict: 'rollback' | 'promote' | 'running'; look?: Look; failed: number; blind: number }

export type Rule = {
  /** Between two looks. */
  seconds: number
  /** The share of good requests that a look wants, in (0, 1). */
  success: number
  /** Promoted after so many looks; without it the rule goes on for as long as there are looks. */
  count?: number
}

/** Flagger's `threshold` of failed checks; they never decay. */
export type FlaggerRule = Rule & { threshold: number }
/** Argo's limits are exceeded by one more. */
export type ArgoRule = Rule & { failureLimit: number; consecutiveErrorLimit: number }

/** `request-success-rate` 99 per minute, `threshold` 5: what Flagger's documentation begins with. */
export const FLAGGER: FlaggerRule = { seconds: 60, success: 0.99, threshold: 5 }
/** The same question as Flagger's, with the `failureLimit` of Argo's documentation. */
export const ARGO: ArgoRule = { seconds: 60, success: 0.99, failureLimit: 3, consecutiveErrorLimit: 4 }

/** Flagger's rule: no data, no requests and a breach are all a failed check, and the `threshold`-th of them rolls back. */
export function flagger(looks: Iterable<Look>, rule: FlaggerRule = FLAGGER): Ruling {
  const ruling: Ruling = { verdict: 'running', failed: 0, blind: 0 }
  let seen = 0
  for (const look of looks) {
    ruling.look = look
    seen += 1
    if (isSilent(look)) ruling.blind += 1
    if (isSilent(look) || isBreach(look, rule)) ruling.failed += 1
    if (ruling.failed >= rule.threshold) return { ...ruling, verdict: 'rollback' }
    if (seen === rule.count) return { ...ruling, verdict: 'promote' }
  }
  return ruling
}

/**
 * Argo's rule: a measurement that misses its condition is a failure, and so is the NaN of a canary without requests; one
 * that gets no answer is an error, of which only consecutive ones count.
 */
export function argo(looks: Iterable<Look>, rule: ArgoRule = ARGO): Ruling {
  const ruling: Ruling = { verdict: 'running', failed: 0, blind: 0 }
  let seen = 0
  for (const look of looks) {
    ruling.look = look
    seen += 1
    ruling.blind = look.isBlind ? ruling.blind + 1 : 0
    if (!look.isBlind && (look.n === 0 || isBreach(look, rule))) ruling.failed += 1
    if (ruling.failed > rule.failureLimit || ruling.blind > rule.consecutiveErrorLimit) {
      return { ...ruling, verdict: 'rollback' }
    }
    if (seen === rule.count) return { ...ruling, verdict: 'promote' }
  }
  return ruling
}

const isSilent = ({ n, isBlind }: Look): boolean => isBlind || n === 0

const isBreach = ({ n, x }: Look, { success }: Rule): boolean => (n - x) / n < success
