import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensureTools } from '../../tools/resolve.ts'
import { startPrometheus } from './witness.ts'

/** Samples of one series: epoch seconds and the counter's value. */
export type Line = { series: string; samples: [time: number, value: number][] }

const TIMEOUT_MS = 120_000

/** The real Prometheus with a past: what promtool made of these counters, and nothing that goes on. */
export async function startChronicle(lines: Line[]): Promise<AsyncDisposable & { url: string }> {
  const { promtool } = await ensureTools({ names: ['promtool'] })
  return startPrometheus([], async (storage) => {
    const file = join(storage, '..', 'past.om')
    await writeFile(file, openMetrics(lines))
    await promisify(execFile)(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', file, storage], {
      timeout: TIMEOUT_MS,
    })
  })
}

/** Series of one family have to stand together. */
function openMetrics(lines: Line[]): string {
  const families = Map.groupBy(lines, ({ series }) => series.slice(0, series.indexOf('{')))
  const written = [...families].flatMap(([family, members]) => [
    `# TYPE ${family} unknown`,
    ...members.flatMap(({ series, samples }) => samples.map(([time, value]) => `${series} ${value} ${time}`)),
  ])
  return `${written.join('\n')}\n# EOF\n`
}
