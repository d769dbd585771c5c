import { setTimeout as sleep } from 'node:timers/promises'

const EVERY_MS = 50
const TIMEOUT_MS = 2_000

/**
 * Waits for the first sample, in Prometheus, that shows a failed request of `workload` more than there were when it was
 * called; returns when that sample was first answered (epoch milliseconds, to `EVERY_MS`).
 *
 * Call it at the moment the workload turns bad. At 25 requests/s a background of 0.2 % puts a failed request of its own
 * into one scrape of twenty, so one onset in twenty is taken a scrape too early: that makes a reaction look slower,
 * never faster. Turned 20 % bad, every scrape has about five more.
 */
export async function firstBadSample(
  address: string,
  { namespace, workload }: { namespace: string; workload: string },
): Promise<number> {
  const selector = `destination_workload_namespace="${namespace}",destination_workload="${workload}",response_code=~"5.."`
  const failed = (): Promise<number> => ask(address, `sum(istio_requests_total{${selector}})`)
  const before = await failed()
  for (;;) {
    const asked = Date.now()
    if ((await failed()) > before) return Date.now()
    await sleep(Math.max(0, EVERY_MS - (Date.now() - asked)))
  }
}

/** The one value of an instant query now; 0 where no series has ever been. */
async function ask(address: string, query: string): Promise<number> {
  const url = `${address}/api/v1/query?query=${encodeURIComponent(query)}`
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (!response.ok) throw new Error(`Prometheus answers ${response.status}: ${await response.text()}`)
  const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } }
  return Number(data.result[0]?.value[1] ?? 0)
}
