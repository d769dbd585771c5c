import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/**
 * `npm test [-- FILTER …]`: tests without servers, and those of the page in a browser, run while the servers are being
 * built; then the reader's on a real Prometheus, the tests on the real stack, and those that break it. Ends with the sum, one plain line.
 */
const filters = process.argv.slice(2)
const reports = await mkdtemp(join(tmpdir(), 'sluice-test-'))
const total = { passed: 0, failed: 0, skipped: 0 }

const tools = start('node', ['tools/main.ts'])
await runProject('unit')
await runProject('browser')
const built = await exitCode(tools)
if (built === 0) {
  await runProject('reader')
  await runProject('e2e')
  await runProject('faults')
} else {
  console.error('the servers could not be built: no test on the real stack was run')
  total.failed += 1
}
await rm(reports, { recursive: true })
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1

type Report = { numPassedTests: number; numFailedTests: number; numPendingTests: number; numFailedTestSuites: number }

async function runProject(project: string): Promise<void> {
  const file = join(reports, `${project}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const code = await exitCode(
    start('vitest', [
      'run',
      '--project',
      project,
      ...(filters.length > 0 ? ['--passWithNoTests'] : []),
      ...reporters,
      ...filters,
    ]),
  )
  const report = await readReport(file)
  total.passed += report?.numPassedTests ?? 0
  total.skipped += report?.numPendingTests ?? 0
  const failed = report?.numFailedTests ?? 0
  // A suite that could not even be loaded has no failed test in it, and is a failure all the same.
  total.failed += code === 0 ? failed : Math.max(1, failed)
}

async function readReport(file: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Report
  } catch (error) {
    console.error(`no test report: ${String(error)}`)
    return undefined
  }
}

function start(command: string, args: string[]): ChildProcess {
  return spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
}

async function exitCode(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return child.exitCode
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}
