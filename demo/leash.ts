import { spawn } from 'node:child_process'

/**
 * `node leash.ts SCRIPT ARGUMENTS…`: runs the script and ends it when standard input ends, as it does with its owner.
 * An owner who said `kill` before gives it no time.
 */
const LAST_MS = 20_000

const child = spawn(process.execPath, process.argv.slice(2), { stdio: ['ignore', 'inherit', 'inherit'] })
child.once('exit', (code) => process.exit(code ?? 1))
let said = ''
process.stdin
  .on('data', (words) => (said += String(words)))
  .once('end', () => (said === 'kill' ? child.kill('SIGKILL') : letGo()))
  .once('error', letGo)
// A terminal sends Ctrl-C to everybody; who ends, and when, is the owner's decision.
process.on('SIGINT', () => undefined)
process.once('SIGTERM', letGo)

function letGo(): void {
  child.kill('SIGTERM')
  setTimeout(() => child.kill('SIGKILL'), LAST_MS)
}
