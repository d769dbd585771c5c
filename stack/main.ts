// `npm run stack -- up | down | status | logs NAME | env | kubectl …`
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { showProgress } from '../tools/progress.ts'
import { ensureTools } from '../tools/resolve.ts'
import { DEFAULT_STATE_DIR, openStack, type Stack, startStack } from './index.ts'
import { baseArguments } from './kubectl.ts'
import { openLayout } from './layout.ts'
import { isOfDemo } from './maker.ts'
import { SERVER_NAMES } from './servers/index.ts'
import { statusOfServers, statusTable } from './status.ts'
import { runningServers } from './stop.ts'

const OF_DEMO =
  'This cluster is what `npm start` left behind, and the next `npm start` clears it. One of your own: ' +
  'npm run stack -- --state-dir .state/mine up\n'

type UpOptions = { endpointDelayMs: number; sidecars?: boolean }

try {
  await program().parseAsync()
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}

function program(): Command {
  const root = new Command('stack')
    .description('A real Kubernetes API, Istio, Envoy, Prometheus and Temporal as plain processes on this machine.')
    .option('--state-dir <folder>', 'data, logs and ports; remove it for a new cluster', DEFAULT_STATE_DIR)
    .enablePositionalOptions()
  const stateDir = (): string => root.opts<{ stateDir: string }>().stateDir
  root
    .command('up')
    .description('starts what is not running; servers go on when this command has ended')
    .option('--endpoint-delay-ms <ms>', "from a pod's readiness to its address in the mesh", milliseconds, 100)
    .option('--sidecars', 'istiod signs certificates, and pods may have a proxy with one')
    .action((options: UpOptions) => up(stateDir(), options))
  root
    .command('down')
    .description('ends exactly what was started; data stays')
    .action(() => down(stateDir()))
  root
    .command('status')
    .description('every server with its process, port and health; exit code 1 unless all are healthy')
    .action(() => status(stateDir()))
  addReaders(root, stateDir)
  return root
}

/** What only looks at a stack. */
function addReaders(root: Command, stateDir: () => string): void {
  root
    .command('logs')
    .description("the end of the log of a server; 'logs pod NAME …' is kubectl's")
    .argument('<name>', [...SERVER_NAMES, 'pod'].join(', '))
    .argument('[arguments...]')
    .option('-f, --follow', 'go on as the log grows')
    .allowUnknownOption()
    .passThroughOptions()
    .action((name: string, rest: string[], { follow }: { follow?: true }) =>
      name === 'pod'
        ? kubectl(stateDir(), ['logs', ...rest])
        : logs(stateDir(), name, follow === true || rest.some((one) => ['-f', '--follow'].includes(one))),
    )
  root
    .command('env')
    .description(
      'shell exports of addresses and kubeconfigs (Prometheus: its API alone): eval "$(npm run -s stack -- env)"',
    )
    .action(() => void process.stdout.write(exports(openStack(stateDir()))))
  root
    .command('kubectl')
    .description('kubectl as the admin of this cluster')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .argument('[arguments...]')
    .action((args: string[]) => kubectl(stateDir(), args))
}

async function up(stateDir: string, options: UpOptions): Promise<void> {
  if (resolve(stateDir) === DEFAULT_STATE_DIR && isOfDemo(stateDir)) process.stderr.write(OF_DEMO)
  if (existsSync(stateDir) && isUp(stateDir)) return void process.stdout.write('it is up already\n')
  const progress = showProgress(process.stderr)
  const began = performance.now()
  const seconds = (): string => `${((performance.now() - began) / 1_000).toFixed(1)} s`
  const onReady = (name: string): void => void process.stdout.write(`${name} is ready after ${seconds()}\n`)
  try {
    const stack = await startStack({ stateDir, ...options, owned: false, onReady, onProgress: progress.report })
    process.stdout.write(`up in ${seconds()}; state is in ${stack.stateDir}\n\n${exports(stack)}`)
  } finally {
    progress.end()
  }
}

function isUp(stateDir: string): boolean {
  return existsSync(`${stateDir}/stack.json`) && runningServers(openLayout(stateDir)).length === SERVER_NAMES.length
}

async function down(stateDir: string): Promise<void> {
  await openStack(stateDir).stop()
  process.stdout.write('everything has ended\n')
}

async function status(stateDir: string): Promise<void> {
  const servers = await statusOfServers(openLayout(stateDir))
  process.stdout.write(statusTable(servers))
  if (servers.some((one) => one.health !== 'healthy')) process.exitCode = 1
}

async function logs(stateDir: string, name: string, follow: boolean): Promise<void> {
  const server = SERVER_NAMES.find((one) => one === name)
  if (server === undefined) throw new Error(`there is no server ${name}; there are ${SERVER_NAMES.join(', ')}`)
  await hand('tail', ['-n', '200', ...(follow ? ['-f'] : []), openLayout(stateDir).logOf(server)])
}

async function kubectl(stateDir: string, args: string[]): Promise<void> {
  const layout = openLayout(stateDir)
  const tools = await ensureTools({ names: ['kubectl'] })
  await hand(tools.kubectl, [...baseArguments(layout), ...args])
}

/** Runs a program in our place: same terminal, same exit code. */
async function hand(program: string, args: string[]): Promise<void> {
  const child = spawn(program, args, { stdio: 'inherit' })
  process.on('SIGINT', () => undefined)
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

function exports({ urls, kubeconfigs, auditLog }: Stack): string {
  const variables = {
    KUBECONFIG: kubeconfigs.admin,
    SLUICE_KUBECONFIG: kubeconfigs.engine,
    SLUICE_API_KUBECONFIG: kubeconfigs.api,
    ADA_KUBECONFIG: kubeconfigs.ada,
    ALICE_KUBECONFIG: kubeconfigs.alice,
    BOB_KUBECONFIG: kubeconfigs.bob,
    GATEWAY_URL: urls.gateway,
    PROMETHEUS_URL: urls.prometheus,
    TEMPORAL_ADDRESS: urls.temporal,
    TEMPORAL_UI_URL: urls.temporalUi,
    ENVOY_ADMIN_URL: urls.gatewayAdmin,
    AUDIT_LOG: auditLog,
  }
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'\n`)
    .join('')
}

function milliseconds(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('a number of milliseconds, 0 or more')
  return value
}
