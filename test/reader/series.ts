import type { Exporter } from '../stage/witness.ts'

/** Series of Istio in the text format, for a Rollout of this name: `NAME-c` is its canary, `NAME-b` its stable revision. */
export type Arm = 'c' | 'b'

const written = (name: string, labels: Record<string, string>): string =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',')}}`

const callers = (rollout: string, arm: Arm): Record<string, string> => ({
  reporter: 'source',
  destination_service_namespace: 'shop',
  destination_service_name: `${rollout}-${arm}`,
})

export const requests = (rollout: string, arm: Arm, code: number, labels: Record<string, string> = {}): string =>
  written('istio_requests_total', { ...callers(rollout, arm), response_code: `${code}`, ...labels })

export const bucket = (rollout: string, arm: Arm, le: string): string =>
  written('istio_request_duration_milliseconds_bucket', { ...callers(rollout, arm), le })

export const durations = (rollout: string, arm: Arm): string =>
  written('istio_request_duration_milliseconds_count', callers(rollout, arm))

/** What a pod of the canary tells of itself. */
export const answered = (rollout: string, pod: string, code: number): string =>
  written('istio_requests_total', {
    reporter: 'destination',
    destination_workload_namespace: 'shop',
    destination_workload: `${rollout}-c`,
    response_code: `${code}`,
    pod,
  })

export const add = ({ counters }: Exporter, series: string, amount: number): void => {
  counters.set(series, (counters.get(series) ?? 0) + amount)
}

export const ARMS = ['c', 'b'] as const

/** Both versions have a counter of good requests, at `before`. */
export const serve = (rollout: string, exporter: Exporter, before = 0): void => {
  for (const arm of ARMS) add(exporter, requests(rollout, arm, 200), before)
}
