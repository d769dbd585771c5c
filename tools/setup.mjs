// `node tools/setup.mjs SCRIPT ARGS…`: installs what npm needs, then runs SCRIPT on the pinned Node.
// Plain JavaScript for Node 20: this is the first thing that runs in a bare clone.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { missingPrerequisites, prerequisitesOf } from './prerequisites.mjs'

const INSTALL_TIMEOUT_MS = 15 * 60_000
const NODE_MAJOR = 24

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const bin = path.join(root, 'node_modules', '.bin')
const [script, ...args] = process.argv.slice(2)

if (script === undefined) stop('usage: node tools/setup.mjs SCRIPT [ARGUMENTS]')
if (!installed()) install()
handOver(pinnedNode())

// npm writes its own copy of the lockfile at the end of an install, so a broken-off one is seen too.
function installed() {
  const copy = path.join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(copy)) return false
  const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages
  const present = JSON.parse(readFileSync(copy, 'utf8')).packages
  return Object.entries(wanted).every(
    ([name, one]) =>
      name === '' || (present[name] === undefined ? one.optional === true : present[name].integrity === one.integrity),
  )
}

function install() {
  const missing = missingPrerequisites(prerequisitesOf('install'))
  if (missing.length > 0) stop(missing.join('\n'))
  for (const sentence of missingPrerequisites(prerequisitesOf('build'))) {
    process.stderr.write(
      `${sentence} (Not needed where the servers are built already or named by SLUICE_… variables.)\n`,
    )
  }
  process.stderr.write('installing npm packages\n')
  // Not `npm ci`: where a registry has no binaries for other platforms, it refuses the lockfile that npm wrote there.
  const run = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    timeout: INSTALL_TIMEOUT_MS,
  })
  if (run.status !== 0) stop('npm install failed; what it said stands above.')
  if (!installed()) stop('npm installed something else than package-lock.json says: are package.json and it in step?')
}

function pinnedNode() {
  const pinned = path.join(bin, 'node')
  if (existsSync(pinned)) return pinned
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath
  return stop(
    `npm brings no Node ${NODE_MAJOR} for ${process.platform}-${process.arch}: run this with Node ${NODE_MAJOR} or newer.`,
  )
}

function handOver(node) {
  const child = spawn(node, [path.resolve(root, script), ...args], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` },
  })
  // A terminal sends Ctrl-C to the child as well; the child decides when to end.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => stop(`${node} could not be started: ${error.message}`))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === 'SIGINT' ? 2 : 15)
  })
}

function stop(sentence) {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}
