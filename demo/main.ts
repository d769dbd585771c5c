import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describeError } from '../kube/index.ts'
import { DEFAULT_STATE_DIR as STATE, openStack, startStack, type Stack } from '../stack/index.ts'
import { showProgress } from '../tools/progress.ts'
import { startEngine } from './engine.ts'
import { openScreen, type Screen } from './screen.ts'
import { openShow, type Show } from './show.ts'

/** `npm start [-- --once]`: a cluster, an engine, a shop with customers, and three releases. See `--help`. */
const HELP = `npm start            the story, with you at the gate; stays up afterwards until Ctrl-C
npm start -- --once  the story alone: exits 0 when all of it happened as it has to
`
const CLUSTER = 'local'

const args = process.argv.slice(2)
const once = args.includes('--once')
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())

if (args.some((arg) => arg !== '--once')) {
  process.stdout.write(HELP)
  process.exitCode = args.includes('--help') ? 0 : 2
} else process.exit(await run(openScreen()))

async function run(screen: Screen): Promise<number> {
  interrupted.signal.addEventListener('abort', () => screen.say('ending everything'))
  try {
    return (await perform(screen)) ? 0 : 1
  } catch (error) {
    if (!interrupted.signal.aborted) screen.complain(describeError(error))
    return interrupted.signal.aborted ? 130 : 1
  }
}

/** Leaving it, however it ends, ends everything that was started. */
async function perform(screen: Screen): Promise<boolean> {
  await using ends = new AsyncDisposableStack()
  const stack = await bringUp(screen)
  ends.defer(() => stack.stop())
  const { kubeconfigs, urls } = stack
  const logFile = join(stack.stateDir, 'logs', 'engine.log')
  const engine = await startEngine({
    kubeconfig: kubeconfigs.engine,
    temporal: urls.temporal,
    cluster: CLUSTER,
    logFile,
  })
  ends.defer(() => engine.stop())
  screen.say(`the engine runs; its log is ${relative(process.cwd(), logFile)}`)
  const ground = {
    ...urls,
    kubeconfig: kubeconfigs.admin,
    approver: kubeconfigs.alice,
    cluster: CLUSTER,
    stateDir: STATE,
  }
  const trouble = Promise.race([engine.ended.then((why) => Promise.reject(new Error(why))), interruption()])
  const show = await Promise.race([openShow(ground, { screen, alone: once }), trouble])
  ends.defer(() => show.stop())
  if (!once) screen.print(invitation(stack, show))
  const asTold = await Promise.race([show.perform(), trouble])
  if (once) return asTold
  screen.print(['', 'Everything stays up until Ctrl-C.', ...invitation(stack, show)])
  return await trouble
}

async function bringUp(screen: Screen): Promise<Stack> {
  if (existsSync(join(STATE, 'stack.json')) && openStack(STATE).server('apiserver').pid() !== undefined) {
    throw new Error('a cluster runs in .state/stack already; end it by: npm run stack -- down')
  }
  if (existsSync(STATE)) screen.say(`the stopped cluster in ${relative(process.cwd(), STATE)} makes room for a new one`)
  await rm(STATE, { recursive: true, force: true })
  const progress = showProgress(process.stderr)
  try {
    return await startStack({
      stateDir: STATE,
      onReady: (server) => screen.murmur(`${server} is ready`),
      onProgress: progress.report,
      signal: interrupted.signal,
    })
  } finally {
    progress.end()
  }
}

function interruption(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  interrupted.signal.addEventListener('abort', () => reject(new Error('interrupted')))
  if (interrupted.signal.aborted) reject(new Error('interrupted'))
  return promise
}

function invitation({ urls }: Stack, { repository }: Show): string[] {
  const clone = relative(process.cwd(), repository.clone)
  return [
    '',
    `  the shop      curl -i ${urls.gateway}/checkout`,
    `  Temporal      ${urls.temporalUi}`,
    `  Prometheus    ${urls.prometheus}`,
    '',
    '  In another terminal:  eval "$(npm run -s stack -- env)"',
    '  npm run -s sluice -- get -A',
    '  npm run -s sluice -- status checkout -n shop --watch',
    '  npm run -s sluice -- approve checkout -n shop      (or: abort)',
    '  npm run -s stack -- kubectl get rollouts,releases -A',
    '',
    `  A release of your own: edit ${clone}/checkout.yaml, then`,
    `  git -C ${clone} commit -am "my release" && git -C ${clone} push`,
    '',
  ]
}
