import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Connection } from '@temporalio/client'
import { startGround, type Access } from '../test/stage/ground.ts'
import { openStage, type Stage } from '../test/stage/stage.ts'
import { requestsOf } from './audit.ts'
import { kept, type Report, type Row } from './report.ts'

const ROLLOUTS = 20
/** The first one that serves, and the one after it. */
const RELEASES_EACH = 2
/** Opened at a time: twenty releases at once would measure this machine. */
const AT_ONCE = 4
const MINUTE_MS = 60_000
const QUIET_WITHIN_MS = 180_000
/** As the API server knows the engine. */
const ENGINE = 'system:serviceaccount:sluice-system:sluice'

/** Twenty Rollouts, each released once: what the engine asks of the API server in a minute in which nothing happens. */
export async function measureIdle(): Promise<Report> {
  await using ground = await startGround()
  await using stages = new AsyncDisposableStack()
  const { access } = ground
  for (let first = 0; first < ROLLOUTS; first += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, index) => {
        const stage = stages.use(await openStage({ access, name: `idle-${first + index}` }))
        await releaseOnce(stage)
      }),
    )
    console.log(`${first + AT_ONCE} of ${ROLLOUTS} Rollouts were released once`)
  }
  await untilNoRunIsOpen(access)
  const from = Date.now()
  await sleep(MINUTE_MS)
  const to = Date.now()
  const { auditLog } = ground.stack
  const earlier = sum(await requestsOf(ENGINE, { auditLog, from: 0, to: from }))
  if (earlier === 0) throw new Error(`the audit log knows no request of ${ENGINE}: nothing would be measured`)
  const counts = await requestsOf(ENGINE, { auditLog, from, to })
  for (const [what, count] of counts) console.log(`  ${what}: ${count}`)
  const perSecond = sum(counts) / ((to - from) / 1_000)
  return reportOf({ perSecond, open: await openRuns(access), perRelease: earlier / (ROLLOUTS * RELEASES_EACH) })
}

const sum = (counts: Map<string, number>): number => [...counts.values()].reduce((total, count) => total + count, 0)

async function releaseOnce(stage: Stage): Promise<void> {
  const steps = [{ setWeight: 50 }, { pause: { for: '1s' } }]
  await stage.install({ version: '1.4.0', replicas: 1, steps, spec: { scaleDownDelay: '5s' } })
  await stage.push({ version: '1.5.0' })
  await stage.until(
    'the release is promoted',
    ({ rollout }) => rollout?.status?.lastRelease?.number === 2 && rollout.status.lastRelease.outcome === 'Promoted',
    QUIET_WITHIN_MS,
  )
}

async function untilNoRunIsOpen(access: Access): Promise<void> {
  const deadline = Date.now() + QUIET_WITHIN_MS
  for (let open = await openRuns(access); open > 0; open = await openRuns(access)) {
    if (Date.now() > deadline) throw new Error(`${open} runs are still open after ${QUIET_WITHIN_MS / 1_000} s`)
    await sleep(1_000)
  }
}

async function openRuns({ temporal }: Access): Promise<number> {
  const connection = await Connection.connect({ address: temporal, connectTimeout: 5_000 })
  try {
    const { count } = await new Client({ connection }).workflow.count("ExecutionStatus = 'Running'")
    return count
  } finally {
    await connection.close()
  }
}

function reportOf({ perSecond, open, perRelease }: { perSecond: number; open: number; perRelease: number }): Report {
  const rows: Row[] = [
    { key: 'requestsPerSecond', what: 'API requests of the idle engine', value: perSecond, limit: 1, unit: '/s' },
    { key: 'openRuns', what: 'open workflows', value: open, limit: 0, unit: '' },
    { key: 'requestsPerRelease', what: 'API requests per release, all in all', value: perRelease, unit: '' },
  ]
  return { ok: rows.every(kept), rows, details: { rollouts: ROLLOUTS } }
}
