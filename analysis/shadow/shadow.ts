import type { Policy } from '../../crds/policy.ts'
import type { ShadowVerdict } from '../../crds/verdict.ts'
import { finePercent, grouped, instant } from '../figures.ts'
import type { Ledger } from '../ledger.ts'
import { looksOf, type Look } from './looks.ts'
import { ARGO, argo, FLAGGER, flagger, type Rule, type Ruling } from './rules.ts'

/** What the rules that `policy.shadow` names make of the same rows: beside ours, and without a say. */
export function shadow({ policy, rows }: Pick<Ledger, 'policy' | 'rows'>): ShadowVerdict[] {
  const key = watched(policy)
  if (key === undefined) {
    return policy.shadow.map((rule) => ({ rule, verdict: 'running', sentence: 'No failed requests are counted here.' }))
  }
  return policy.shadow.map((rule) => {
    const ruling =
      rule === 'flagger' ? flagger(looksOf(rows, key, FLAGGER.seconds)) : argo(looksOf(rows, key, ARGO.seconds))
    const { verdict, look } = ruling
    return {
      rule,
      verdict,
      ...(verdict !== 'running' && look ? { at: look.at } : {}),
      sentence: rule === 'flagger' ? ofFlagger(ruling) : ofArgo(ruling),
    }
  })
}

/** Both rules know the canary's success rate alone. */
function watched({ metrics }: Policy): string | undefined {
  const metric = metrics.find(({ kind }) => kind === 'requests') ?? metrics.find(({ kind }) => kind === 'counters')
  return metric?.name
}

function ofFlagger({ verdict, look, failed, blind }: Ruling): string {
  if (!look) return NOT_YET
  const silent = blind === 0 ? '' : `, ${blind} of them without data`
  const checks = `${failed} of ${FLAGGER.threshold} checks failed${silent}`
  return told(verdict, look, `${checks}; each wants ${wanted(FLAGGER)}`)
}

function ofArgo({ verdict, look, failed, blind }: Ruling): string {
  if (!look) return NOT_YET
  if (blind > ARGO.consecutiveErrorLimit) return told(verdict, look, `${blind} measurements in a row had no data`)
  const failures = `${failed} measurements failed, more than ${ARGO.failureLimit} roll back`
  return told(verdict, look, `${failures}; each wants ${wanted(ARGO)}`)
}

const NOT_YET = 'Has not looked yet.'

const wanted = ({ success, seconds }: Rule): string => `${finePercent(success)} good requests within ${seconds} s`

function told(verdict: Ruling['verdict'], { at, n, x, isBlind }: Look, why: string): string {
  const seen = isBlind ? 'no data' : `${grouped(x)} bad of ${grouped(n)}`
  const last = `the ${verdict === 'rollback' ? 'last of them' : 'last look'} saw ${seen}`
  if (verdict === 'rollback') return `Would have rolled back at ${instant(at)}: ${why}; ${last}.`
  return `Would go on: ${why}; ${last}.`
}
