import process from 'node:process'
import { isMainThread } from 'node:worker_threads'
import { run } from './program.ts'
import { openTerminal } from './terminal.ts'

/** Of Node: what the language of this program needs at least. */
const LEAST_MAJOR = 22

if (isMainThread) void begin()
// In the one file that is published a thread has nothing else to start from.
else void import('./backtest/worker.ts')

async function begin(): Promise<void> {
  if (Number.parseInt(process.versions.node, 10) < LEAST_MAJOR) {
    process.stderr.write(`error: sluice needs Node ${LEAST_MAJOR} or newer; this is ${process.version}\n`)
    process.exit(1)
  }
  // A reader that has seen enough (`sluice get | head -1`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  const code = await run(process.argv.slice(2), openTerminal())
  // Not every system writes to pipes at once.
  await new Promise((resolve) => process.stdout.write('', resolve))
  // Kept connections would hold the process for their idle time.
  process.exit(code)
}
