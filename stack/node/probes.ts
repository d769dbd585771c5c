import type { Target } from './handler.ts'
import { followProbe, type Following } from './probe.ts'

export type ProbeNews = {
  /** The startup probe succeeded, or there is none. */
  onStarted: () => void
  onReady: (ready: boolean) => void
  /** A probe failed so often that it counts; `fatal`: the container has to be restarted. */
  onFailure: (failure: { which: 'Startup' | 'Readiness' | 'Liveness'; words: string; fatal: boolean }) => void
}

/** The three probes of a running container: nothing but the startup probe asks before that succeeded. */
export function followProbes(target: Target, news: ProbeNews): Following {
  const { startupProbe, readinessProbe, livenessProbe } = target.container
  const following: Following[] = []
  function start(): void {
    news.onStarted()
    if (readinessProbe)
      following.push(followProbe({ probe: readinessProbe, target, eager: true, onVerdict: readiness }))
    else news.onReady(true)
    if (livenessProbe) following.push(followProbe({ probe: livenessProbe, target, eager: false, onVerdict: liveness }))
  }
  let wasReady = false
  const readiness: Parameters<typeof followProbe>[0]['onVerdict'] = (verdict) => {
    if (!verdict.ok && wasReady) news.onFailure({ which: 'Readiness', words: verdict.words, fatal: false })
    wasReady = verdict.ok
    news.onReady(verdict.ok)
  }
  const liveness: typeof readiness = (verdict) => {
    if (!verdict.ok) news.onFailure({ which: 'Liveness', words: verdict.words, fatal: true })
  }
  const startup: typeof readiness = (verdict) => {
    for (const one of following.splice(0)) void one.stop()
    if (verdict.ok) start()
    else news.onFailure({ which: 'Startup', words: verdict.words, fatal: true })
  }
  if (startupProbe) following.push(followProbe({ probe: startupProbe, target, eager: true, onVerdict: startup }))
  else start()
  return {
    async stop() {
      await Promise.all(following.map((one) => one.stop()))
    },
  }
}
