// `node tools/main.ts [NAME…]`: builds what is missing, tells progress on stderr, prints `NAME PATH` lines.
import { CATALOGUE, type ToolName } from './catalogue.ts'
import { showProgress } from './progress.ts'
import { ensureTools } from './resolve.ts'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
const progress = showProgress(process.stderr)
const asked = process.argv.slice(2)
const names = asked.length > 0 ? asked : CATALOGUE.map((tool) => tool.name)

try {
  const paths = await ensureTools({ names: names as ToolName[], onProgress: progress.report, signal: stop.signal })
  for (const [name, file] of Object.entries(paths)) process.stdout.write(`${name} ${file}\n`)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
} finally {
  progress.end()
}
