import type { Affinity, Aside, Fault, Traffic } from '../../../crds/traffic.ts'
import { routeError } from '../../errors.ts'
import type { Weights } from '../destinations.ts'

/** What is beside the weights, checked; undefined when nothing is. Throws `Unroutable` with a sentence. */
export function asked({ weights, canary, ...rest }: Traffic): Aside | undefined {
  const members = Object.entries(rest).filter(([, value]) => value !== undefined)
  if (members.length === 0) return undefined
  const aside: Aside = { ...Object.fromEntries(members), ...(canary === undefined ? {} : { canary }) }
  refuseWithoutCanary(aside, weights)
  for (const name of ['match', 'among'] as const) {
    if (aside[name]?.length === 0) throw routeError('Unroutable', `${name} has no entry; leave it out`)
  }
  if (aside.fault) refuseFault(aside.fault, aside)
  if (aside.mirror && !isPercent(aside.mirror.percent)) refusePercent('mirror', aside.mirror.percent)
  if (aside.affinity) refuseAffinity(aside.affinity)
  return aside
}

/** The last weight of an affinity is what the canary has. Throws `Unroutable`. */
export function refuseOtherWeight({ affinity }: Aside, weight: number): void {
  const last = affinity?.weights.at(-1)
  if (last === undefined || last === weight) return
  throw routeError('Unroutable', `the last weight of the affinity is ${last} and that of the canary ${weight}`)
}

function refuseWithoutCanary({ canary }: Aside, weights: Weights): void {
  if (canary !== undefined || Object.keys(weights).length > 1) return
  throw routeError('Unroutable', 'traffic beside the weights needs to say of which canary')
}

function refuseFault({ percent, delayMs, abort }: Fault, { match }: Aside): void {
  if (!match) throw routeError('Unroutable', 'a fault hits a cohort only; say which by match')
  if (!isPercent(percent)) refusePercent('fault', percent)
  if ((delayMs === undefined) === (abort === undefined))
    throw routeError('Unroutable', 'a fault is a delay or an abort, one of them')
}

const isPercent = (percent: number): boolean => percent > 0 && percent <= 100

function refusePercent(what: string, percent: number): never {
  throw routeError('Unroutable', `${what} of ${percent} %: it has to be above 0 and at most 100`)
}

/** RFC 6265: what a cookie's name and value are made of, without what a header's value would need escaped. */
const NAME = /^[!#$&'*+\-.^_`|~0-9A-Za-z]+$/
const TOKEN = /^[0-9A-Za-z_-]+$/

function refuseAffinity({ cookie, maxAgeMs, token, weights }: Affinity): void {
  if (!NAME.test(cookie)) throw routeError('Unroutable', `${JSON.stringify(cookie)} cannot be the name of a cookie`)
  if (!TOKEN.test(token)) throw routeError('Unroutable', `${JSON.stringify(token)} cannot be part of a cookie`)
  if (!(maxAgeMs > 0)) throw routeError('Unroutable', `a cookie of ${maxAgeMs} ms would never be sent back`)
  const rises = weights.every((weight, index) => weight >= (weights[index - 1] ?? 0) && weight <= 100)
  if (weights.length > 0 && rises) return
  const words = `the weights of an affinity rise from 0 to at most 100, not ${weights.join(', ')}; a lower weight needs another token`
  throw routeError('Unroutable', words)
}
