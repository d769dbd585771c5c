import type { Page } from 'playwright-core'
import { stringify } from 'yaml'
import { PROVENANCE } from '../crds/names.ts'
import build from '../test/browser/build.ts'
import { openChromium } from '../test/browser/chromium.ts'
import { visit } from '../test/browser/visit.ts'
import { startApiProcess, tokenOf } from '../test/stage/api.ts'
import { startGround } from '../test/stage/ground.ts'
import { ROLLOUT, rolloutManifest, virtualService } from '../test/stage/shop.ts'
import { openSourceStage } from '../test/stage/source.ts'
import { kept, median, type Report, type Row } from './report.ts'

const PUSHES = 12
const NAMESPACE = 'push'

type Source = Awaited<ReturnType<typeof openSourceStage>>
/** Milliseconds after the engine was told of the push. */
type Times = Record<'written' | 'begun' | 'shown', number>

/**
 * A developer pushes twelve times to a branch behind HTTPS, each time when all is quiet, and somebody has the page of the
 * Rollout open: how long after the webhook was called it shows the commit's words.
 */
export async function measurePush(): Promise<Report> {
  await build()
  await using ground = await startGround()
  await using api = await startApiProcess(ground.access)
  await using source = await openSourceStage({
    access: ground.access,
    name: NAMESPACE,
    files: {
      'checkout.yaml': checkout(0),
      'routes.yaml': stringify(virtualService({ namespace: NAMESPACE, host: `${NAMESPACE}.shop.local` })),
    },
  })
  await untilPromoted(source, source.repository.first)
  await using browser = await openChromium()
  const token = await tokenOf(ground.access.kubeconfigs.alice)
  const { page, end } = await visit(browser, { url: api.url, token, path: `/r/${NAMESPACE}/${ROLLOUT}` })
  const times: Times[] = []
  for (let push = 1; push <= PUSHES; push += 1) {
    times.push(await pushOnce(source, page, push))
    console.log(`push ${push} of ${PUSHES} was on the page after ${times.at(-1)?.shown} ms`)
  }
  await end()
  return reportOf(times)
}

const checkout = (push: number): string =>
  stringify(
    rolloutManifest(NAMESPACE, {
      version: '1.4.0',
      env: { PUSH: `${push}` },
      steps: [{ setWeight: 50 }, { pause: { for: '1s' } }],
    }),
  )

/** All times are those at which this process was told, by watches and by the browser. */
async function pushOnce(source: Source, page: Page, push: number): Promise<Times> {
  const { stage, repository, hook } = source
  const words = `checkout, push ${push}: a faster basket`
  const commit = repository.push({ 'checkout.yaml': checkout(push) }, words)
  const from = Date.now()
  const since = (): number => Date.now() - from
  const [written, begun, shown, code] = await Promise.all([
    stage.until(
      'the Rollout is written',
      ({ rollout }) => rollout?.metadata.annotations?.[PROVENANCE.commit] === commit && since(),
    ),
    stage.until(
      'its release begins',
      ({ releases }) => releases.some(({ spec }) => spec.provenance?.commit === commit) && since(),
    ),
    page.getByText(words).waitFor().then(since),
    hook(),
  ])
  if (code !== 202) throw new Error(`the hook answered ${code}`)
  await untilPromoted(source, commit)
  return { written, begun, shown }
}

/** What follows a release, an old revision that leaves, is no push's business. */
async function untilPromoted({ stage, applied }: Source, commit: string): Promise<void> {
  await applied(commit)
  await stage.until('the push is promoted', ({ rollout, releases }) => {
    const release = releases.find(({ spec }) => spec.provenance?.commit === commit)
    return release?.status?.outcome === 'Promoted' && rollout?.status?.lastRelease?.number === release.spec.number
  })
}

function reportOf(times: Times[]): Report {
  const seconds = (of: (one: Times) => number): number[] => times.map((one) => of(one) / 1_000)
  const part = (key: string, what: string, of: (one: Times) => number): Row => {
    const samples = seconds(of)
    return { key: `${key}Seconds`, what, value: median(samples), unit: 's', samples }
  }
  const shown = seconds((one) => one.shown)
  const rows: Row[] = [
    { ...part('shown', 'webhook called → words on the page, median', (one) => one.shown), limit: 2 },
    { key: 'longestSeconds', what: 'the same, the longest', value: Math.max(...shown), limit: 2, unit: 's' },
    part('written', '  webhook called → Rollout written', (one) => one.written),
    part('begun', '  Rollout written → its Release', (one) => one.begun - one.written),
    part('told', '  Release → words on the page', (one) => one.shown - one.begun),
  ]
  return { ok: rows.every(kept), rows, details: { pushes: PUSHES } }
}
