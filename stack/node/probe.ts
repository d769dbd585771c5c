import { request } from 'node:http'
import type { Probe } from './pod.ts'

/** Until the first success a probe is tried so often, whatever its period: a pod is ready when it is, not up to 10 s later. */
const STARTING_MS = 50

type Options = { probe: Probe; port: number; onChange: (ready: boolean) => void }

/** Follows an HTTP readiness probe with Kubernetes' rules and defaults; begins as not ready. */
export function followReadiness({ probe, port, onChange }: Options): { stop(): void } {
  const { initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3, successThreshold = 1 } = probe
  let ready = false
  let wasReady = false
  let run = 0 // answers in a row that speak against the present state
  let stopped = false
  let timer = setTimeout(look, initialDelaySeconds * 1_000)

  async function tried(): Promise<void> {
    const good = await ask(probe, port)
    if (stopped) return
    run = good === ready ? 0 : run + 1
    if (run >= (good ? successThreshold : failureThreshold)) {
      ready = good
      wasReady ||= good
      run = 0
      onChange(ready)
    }
    timer = setTimeout(look, wasReady ? periodSeconds * 1_000 : Math.min(STARTING_MS, periodSeconds * 1_000))
  }
  function look(): void {
    void tried()
  }

  return {
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

/** 200 to 399 in time is a success; everything else is none. Never throws. */
function ask({ httpGet, timeoutSeconds = 1 }: Probe, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const headers = Object.fromEntries((httpGet?.httpHeaders ?? []).map(({ name, value }) => [name, value]))
  const asked = request(
    { host: '127.0.0.1', port, path: httpGet?.path ?? '/', headers, agent: false, timeout: timeoutSeconds * 1_000 },
    (response) => {
      response.resume()
      const code = response.statusCode ?? 0
      resolve(code >= 200 && code < 400)
    },
  )
  asked.once('timeout', () => asked.destroy())
  asked.once('error', () => resolve(false))
  asked.once('close', () => resolve(false))
  asked.end()
  return promise
}
