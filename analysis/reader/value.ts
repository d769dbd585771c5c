import type { Metric } from '../../crds/policy.ts'
import type { SampleRequest } from '../sampler.ts'
import type { Batch } from './batch.ts'
import type { Series } from './client.ts'
import { differing } from './labels.ts'
import { filled } from './promql.ts'
import { AskError } from './refusal.ts'
import { Unusable } from './tape.ts'

export type GaugeMetric = Extract<Metric, { kind: 'gauge' }>

/** What a user's query gives at this moment (epoch seconds). Throws Unusable unless it is exactly one finite number. */
export async function valueAt(
  { batch, request, timeoutMs }: { batch: Batch; request: SampleRequest; timeoutMs: number },
  { query }: GaugeMetric,
  at: number,
): Promise<number> {
  const series = await ask(batch, { query: filled(query, request, 'canary'), at, timeoutMs })
  const [only, ...others] = series
  if (!only) throw new Unusable('the query has no result')
  if (others.length > 0) {
    const labels = differing(series)
    const which = labels.length > 0 ? `, which differ in ${labels.join(', ')}` : ''
    throw new Unusable(`the query has ${series.length} results instead of one${which}`)
  }
  const [, value] = only.samples.at(-1) ?? [at, NaN]
  if (only.samples.length !== 1) throw new Unusable('the query gives a range instead of one sample')
  if (!Number.isFinite(value)) throw new Unusable('the result of the query is no finite number')
  return value
}

async function ask(batch: Batch, question: Parameters<Batch['own']>[0]): Promise<Series[]> {
  try {
    return await batch.own(question)
  } catch (error) {
    if (error instanceof AskError) throw new Unusable(error.message)
    throw error
  }
}
