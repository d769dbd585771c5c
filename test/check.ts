import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'

/** `npm run check`: everything that can be said about the code without running it. Exits 1 when any of it is not clean. */
const CHECKS: [name: string, command: string, ...args: string[]][] = [
  ['types', 'tsc', '--noEmit'],
  ['types of the page', 'tsc', '--noEmit', '-p', 'ui'],
  ['types of its tests', 'tsc', '--noEmit', '-p', 'test/ui'],
  ['lint, with the import table of the design', 'oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
  ['dead code', 'knip', '--no-progress'],
  ['generated files', 'node', 'crds/generate/main.ts', '--check'],
]

let failed = 0
for (const [name, command, ...args] of CHECKS) {
  const started = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  console.log(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)`)
  if (code !== 0) failed += 1
}
process.exitCode = failed === 0 ? 0 : 1
