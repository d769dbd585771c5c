import process from 'node:process'
import { run } from './program.ts'
import { openTerminal } from './terminal.ts'

// A reader that has seen enough (`sluice get | head -1`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

// Kept connections would hold the process for their idle time.
process.exit(await run(process.argv.slice(2), openTerminal()))
