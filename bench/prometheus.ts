import { setTimeout as sleep } from 'node:timers/promises'

const EVERY_MS = 50
const TIMEOUT_MS = 2_000
const WITHIN_MS = 30_000

export type Subject = { prometheus: string; namespace: string; workload: string }

/** Failed requests of a workload as its callers saw them and Prometheus has them now. */
export function failedSoFar({ prometheus, namespace, workload }: Subject): Promise<number> {
  const selector = `reporter="source",destination_workload_namespace="${namespace}",destination_workload="${workload}",response_code=~"5.."`
  return ask(prometheus, `sum(istio_requests_total{${selector}})`)
}

/**
 * Waits for the first sample, in Prometheus, that shows more failed requests than `before`; returns when it was first
 * answered (epoch milliseconds, to `EVERY_MS`). Throws after half a minute.
 *
 * `before` is what was there when the workload turned bad. At 25 requests/s a background of 0.2 % puts a failed request
 * of its own into one scrape of twenty, so one onset in twenty is taken a scrape too early: that makes a reaction look
 * slower, never faster. Turned 20 % bad, every scrape has about five more.
 */
export async function firstBadSample(subject: Subject, before: number): Promise<number> {
  const deadline = Date.now() + WITHIN_MS
  while (Date.now() < deadline) {
    const asked = Date.now()
    if ((await failedSoFar(subject)) > before) return Date.now()
    await sleep(Math.max(0, EVERY_MS - (Date.now() - asked)))
  }
  throw new Error(`Prometheus shows no failed request of ${subject.workload} within ${WITHIN_MS / 1_000} s`)
}

/** The one value of an instant query now; 0 where no series has ever been. */
async function ask(address: string, query: string): Promise<number> {
  const url = `${address}/api/v1/query?query=${encodeURIComponent(query)}`
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (!response.ok) throw new Error(`Prometheus answers ${response.status}: ${await response.text()}`)
  const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } }
  return Number(data.result[0]?.value[1] ?? 0)
}
