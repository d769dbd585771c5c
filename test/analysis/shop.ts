import type { Reading, SampleRequest, Sampler } from '../../analysis/index.ts'
import { policyOf } from '../../bench/evidence/policy.ts'
import type { Policy } from '../../crds/policy.ts'
import type { FakeSample, FakeSeries } from '../fakes/prometheus.ts'

/** Series and requests of one small release: `checkout-c` against `checkout-b` in namespace `shop`. */

export const policy = (changes: Partial<Policy> = {}): Policy =>
  policyOf({ prometheus: { address: 'http://prometheus' }, slots: 4, ...changes })

/** A moment that is an edge of every interval the tests use. */
export const T = 1_800_000_000

export const request = (changes: Partial<SampleRequest> = {}): SampleRequest => ({
  namespace: 'shop',
  canary: 'checkout-c',
  baseline: 'checkout-b',
  rollout: 'checkout',
  revisions: { canary: 'c', baseline: 'b' },
  policy: policy(),
  startedAt: T - 60,
  after: T,
  ...changes,
})

type Arm = 'c' | 'b'
export const requests = (
  arm: Arm,
  code: string,
  samples: FakeSample[],
  labels: Record<string, string> = {},
): FakeSeries => ({
  labels: { __name__: 'istio_requests_total', response_code: code, ...shared(arm), ...labels },
  samples,
})

export const durations = (
  arm: Arm,
  le: string | undefined,
  samples: FakeSample[],
  labels: Record<string, string> = {},
): FakeSeries => ({
  labels: {
    __name__: `istio_request_duration_milliseconds_${le === undefined ? 'count' : 'bucket'}`,
    ...(le === undefined ? {} : { le }),
    ...shared(arm),
    ...labels,
  },
  samples,
})

const shared = (arm: Arm): Record<string, string> => ({
  job: 'envoy',
  instance: 'gateway:15020',
  reporter: 'source',
  destination_service_namespace: 'shop',
  destination_service_name: `checkout-${arm}`,
})

/** One sample every `spacing` seconds from `from` to `to`, both included. */
export function scraped(from: number, to: number, spacing: number, value: (time: number) => number): FakeSample[] {
  const count = Math.floor((to - from) / spacing + 1e-9) + 1
  return Array.from({ length: count }, (_, i) => {
    const time = from + i * spacing
    return [time, value(time)]
  })
}

/** The first rows that a sampler reads. */
export async function readRows(sampler: Sampler, asked: SampleRequest, rows: number): Promise<Reading[]> {
  const ended = new AbortController()
  const readings: Reading[] = []
  for await (const reading of sampler.read(asked, ended.signal)) {
    readings.push(reading)
    if (readings.length === rows) ended.abort()
  }
  return readings
}
