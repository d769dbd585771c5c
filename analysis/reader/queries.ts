/**
 * PromQL for Istio's standard series, as the callers' side sees them, or in an ambient mesh the waypoint before the pods:
 * failures count even where no pod was reached.
 */

export const REQUESTS = 'istio_requests_total'
const DURATION = 'istio_request_duration_milliseconds'
export const DURATION_COUNT = `${DURATION}_count`
export const DURATION_BUCKET = `${DURATION}_bucket`

/**
 * What one release asks for: the Services of its revisions, and for latency the boundaries in milliseconds. From the
 * destination's side a revision is the workload that answered, because its pods may stand behind several Services.
 */
export type Selection = {
  namespace: string
  services: readonly string[]
  boundaries: readonly number[]
  reporter?: 'destination'
}

/** Raw samples of all selections of one reporter at once; `seconds` is the width of the window. Without boundaries: requests. */
export function rawSamples(selections: readonly Selection[], seconds: number): string {
  const boundaries = unique(selections.flatMap((selection) => selection.boundaries.map(spellings)))
  const window = `[${Math.ceil(seconds * 1_000)}ms]`
  if (boundaries.length === 0) return `${REQUESTS}{${where(selections)}}${window}`
  const le = `le=~"|${boundaries.join('|')}"`
  return `{__name__=~"${DURATION_BUCKET}|${DURATION_COUNT}",${where(selections)},${le}}${window}`
}

/**
 * What a selection's series show every `step` seconds, on the edges of steps, over `seconds` up to the moment of the
 * question: values, nothing extrapolated. Without boundaries: requests.
 */
export function shownEvery(selection: Selection, seconds: number, step: number): string {
  return rawSamples([selection], seconds).replace(/\]$/, `:${step}s]`)
}

/** What the durations of a selection show every `step` seconds, at all boundaries that there are. */
export const durationsEvery = (selection: Selection, seconds: number, step: number): string =>
  `{__name__=~"${DURATION_BUCKET}|${DURATION_COUNT}",${where([selection])}}[${Math.ceil(seconds * 1_000)}ms:${step}s]`

/** One series per boundary that the histograms of a selection have. */
export const boundaries = (selection: Selection): string =>
  `group by (le) (last_over_time(${DURATION_BUCKET}{${where([selection])}}[5m]))`

export type ScrapeTarget = { job: string; instance: string }

/** When targets were scraped, and since when their processes run. */
export const lifeSigns = (targets: readonly ScrapeTarget[], seconds: number): string =>
  `{__name__=~"${UP}|(istio_agent_)?process_start_time_seconds",job=~"${anyOf(targets.map(({ job }) => job))}",` +
  `instance=~"${anyOf(targets.map(({ instance }) => instance))}"}[${Math.ceil(seconds * 1_000)}ms]`

export const UP = 'up'

function where(selections: readonly Selection[]): string {
  const namespaces = anyOf(selections.map(({ namespace }) => namespace))
  const names = anyOf(selections.flatMap(({ services }) => services))
  return selections[0]?.reporter === 'destination'
    ? `reporter="destination",destination_workload_namespace=~"${namespaces}",destination_workload=~"${names}"`
    : `reporter=~"source|waypoint",destination_service_namespace=~"${namespaces}",destination_service_name=~"${names}"`
}

/** A regular expression inside a PromQL string that matches these words. */
export const anyOf = (values: readonly string[]): string => unique(values.map(escaped)).join('|')

const unique = (values: readonly string[]): string[] => [...new Set(values)].sort()

/** For a regular expression inside a PromQL string. */
const escaped = (text: string): string => text.replace(/[\\.*+?^${}()|[\]"]/g, '\\\\$&')

/** Exporters write 500, Prometheus 3 stores 500.0, and from a million on it writes 1e+06. */
function spellings(boundary: number): string {
  const plain = `${escaped(`${boundary}`)}(\\\\.0)?`
  if (boundary < 1e6) return plain
  return `${plain}|${escaped(boundary.toExponential().replace(/e\+(\d)$/, 'e+0$1'))}`
}
