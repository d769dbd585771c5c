import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { releaseConditions } from '../crds/conditions.ts'
import { NAMESPACES, ROLLOUTS } from '../crds/resources.ts'
import { createKube, type Kube } from '../kube/index.ts'
import build from '../test/browser/build.ts'
import { openChromium } from '../test/browser/chromium.ts'
import { startApiProcess, tokenOf } from '../test/stage/api.ts'
import { startGround, type Ground } from '../test/stage/ground.ts'
import { rolloutManifest } from '../test/stage/shop.ts'
import { requestsOf } from './audit.ts'
import { openOnlooker, rowsOf, stamped, type Seen } from './onlooker.ts'
import { kept, quantile, type Report, type Row } from './report.ts'

const SPACES = 4
const EACH = 50
const SECONDS = 60
/** Besides the one in Chromium. */
const TABS = 10
/** Writes under way at a time. */
const AT_ONCE = 20
/** What is on its way when the last change was made. */
const REST_MS = 2_000
const KINDS = 5
/** A watch is asked for again after so long, at the earliest. */
const WATCH_MS = 300_000
const API = 'system:serviceaccount:sluice-system:sluice-api'

/**
 * Two hundred Rollouts on a real API server of which each changes every second, a Chromium and ten more tabs that look:
 * how long after a change was asked for it is on the page, and what the API server is asked meanwhile.
 */
export async function measureStream(): Promise<Report> {
  await build()
  await using ground = await startGround({ roles: [] })
  const kube = createKube({ kubeconfig: ground.access.kubeconfig })
  const names = await furnish(kube)
  await using api = await startApiProcess(ground.access)
  await using browser = await openChromium()
  const from = Date.now()
  const lags: number[] = []
  const who = { url: api.url, token: await tokenOf(ground.access.kubeconfigs.alice) }
  const closing = new AbortController()
  const tabs = Array.from({ length: TABS }, () => look({ ...who, signal: closing.signal }, lags))
  const onlooker = await openOnlooker(browser, { ...who, rows: names.length })
  const played = await play(kube, names)
  await sleep(REST_MS)
  const seen = await onlooker.end()
  closing.abort()
  await Promise.all(tabs)
  return reportOf({ lags, seen, ...played, ...(await askedOf(ground, from)) })
}

type Name = { namespace: string; name: string }

async function furnish(kube: Kube): Promise<Name[]> {
  const names = Array.from({ length: SPACES * EACH }, (_, index) => ({
    namespace: `stream-${index % SPACES}`,
    name: `shop-${index}`,
  }))
  for (const namespace of new Set(names.map((each) => each.namespace))) {
    await kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  }
  const message = 'Analysing'
  const conditions = releaseConditions({ phase: 'Analysing', message, generation: 1, at: Date.now() })
  const status = { conditions, message, stable: 'b7c41d09ea', canary: '3f9a1c2b7d', weight: 0, step: '1/1' }
  await eachOf(names, async ({ namespace, name }) => {
    const manifest = rolloutManifest(namespace, { version: '1.4.0', steps: [{ setWeight: 50 }] })
    await kube.create(ROLLOUTS, { ...manifest, metadata: { namespace, name } })
    await kube.mergePatch({ resource: ROLLOUTS, namespace, name }, { status }, { subresource: 'status' })
  })
  return names
}

/** Every Rollout once a second. */
async function play(kube: Kube, names: Name[]): Promise<{ changes: number; changesPerSecond: number }> {
  const begun = performance.now()
  for (let second = 0; second < SECONDS; second++) {
    await eachOf(names, async (ref) => {
      const patch = { status: { message: stamped('Analysing'), weight: second % 100 } }
      await kube.mergePatch({ resource: ROLLOUTS, ...ref }, patch, { subresource: 'status' })
    })
    await sleep(Math.max(0, begun + (second + 1) * 1_000 - performance.now()))
  }
  const changes = names.length * SECONDS
  return { changes, changesPerSecond: changes / ((performance.now() - begun) / 1_000) }
}

async function eachOf(names: Name[], work: (name: Name) => Promise<void>): Promise<void> {
  const left = [...names]
  const worker = async (): Promise<void> => {
    for (let name = left.pop(); name; name = left.pop()) await work(name)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** One tab: adds how old every change was when it came, in milliseconds. */
async function look({ url, token, signal }: { url: string; token: string; signal: AbortSignal }, lags: number[]) {
  try {
    const response = await fetch(`${url}/api/stream`, { headers: { authorization: `Bearer ${token}` }, signal })
    if (!response.body) throw new Error(`the stream was refused: ${response.status}`)
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of response.body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      const at = Date.now()
      for (const line of lines) {
        const told = /^data: \{"key":.*"message":"[^"]*@(\d{13})"/.exec(line)?.[1]
        if (told !== undefined) lags.push(at - Number(told))
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function askedOf({ stack: { auditLog } }: Ground, from: number) {
  const span = { auditLog, from: 0, to: Date.now() }
  const ours = await requestsOf(API, span)
  const callers = await requestsOf('alice', { ...span, from })
  for (const [what, count] of [...ours, ...callers]) console.log(`  ${what}: ${count}`)
  const sum = (counts: Map<string, number>, verb: string): number =>
    [...counts].filter(([what]) => what.startsWith(verb)).reduce((total, [, count]) => total + count, 0)
  const rounds = Math.ceil((Date.now() - from) / WATCH_MS)
  return { watches: sum(ours, 'watch ') / rounds, asked: sum(ours, ''), asCallers: sum(callers, '') }
}

type Measured = Record<'changes' | 'changesPerSecond' | 'watches' | 'asked' | 'asCallers', number> & {
  lags: number[]
  seen: Seen
}

function reportOf({ lags, seen, changes, changesPerSecond, watches, asked, asCallers }: Measured): Report {
  const names = SPACES * EACH
  const told = lags.length / TABS
  const rows: Row[] = [
    { key: 'changesPerSecond', what: 'changes', value: changesPerSecond, least: names * 0.95, unit: '/s' },
    {
      key: 'tabLagMedianMs',
      what: 'from a write to a tab, median',
      value: quantile(lags, 0.5),
      limit: 1_000,
      unit: 'ms',
    },
    { key: 'tabLag99Ms', what: 'from a write to a tab, 99 of 100', value: quantile(lags, 0.99), unit: 'ms' },
    { key: 'told', what: 'changes that a tab was told', value: told, least: changes * 0.95, unit: '' },
    ...rowsOf(seen, { changes, rows: names }),
    {
      key: 'watches',
      what: 'watches of the API in five minutes',
      value: watches,
      least: KINDS,
      limit: KINDS,
      unit: '',
    },
    { key: 'requests', what: 'its requests, all in all', value: asked, limit: KINDS * 3, unit: '' },
    { key: 'requestsAsCallers', what: 'questions about rights, all tabs', value: asCallers, limit: 30, unit: '' },
  ]
  return { ok: rows.every(kept), rows, details: { changes, tabs: TABS + 1, rollouts: names } }
}
