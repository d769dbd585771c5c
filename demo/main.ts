import { join, relative } from 'node:path'
import { describeError } from '../kube/index.ts'
import { DEFAULT_STATE_DIR as STATE, startStack, type Stack } from '../stack/index.ts'
import { showProgress } from '../tools/progress.ts'
import { startEngine, type Engine } from './engine.ts'
import { startPage, type Page } from './page.ts'
import { invitation } from './invitation.ts'
import { openScreen, type Screen } from './screen.ts'
import { openShow } from './show.ts'
import { installSource } from './source.ts'
import { clearSite } from './site.ts'

/** `npm start [-- --once]`: a cluster, an engine, a shop with customers, and three releases. See `--help`. */
const HELP = `npm start            the story, with you at the gate; stays up afterwards until Ctrl-C
npm start -- --once  the story alone: exits 0 when all of it happened as it has to
`
const CLUSTER = 'local'
const AS_TOLD =
  'All of it happened as it has to: one release was promoted, two were taken back for what was wrong with them.'

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
  await installSource(kubeconfigs.admin)
  const logFile = join(stack.stateDir, 'logs', 'engine.log')
  const engine = await openEngine(stack, logFile)
  ends.defer(() => engine.stop())
  screen.say(`the engine runs; its log is ${relative(process.cwd(), logFile)}`)
  const page = await openPage(stack)
  ends.defer(() => page.stop())
  screen.say(`the page is at ${page.url}`)
  const ground = {
    page: page.url,
    ...urls,
    kubeconfig: kubeconfigs.admin,
    approver: kubeconfigs.alice,
    engine: engine.url,
    stateDir: STATE,
  }
  const ended = Promise.race([engine.ended, page.ended])
  const trouble = Promise.race([ended.then((why) => Promise.reject(new Error(why))), interruption()])
  const show = await Promise.race([openShow(ground, { screen, alone: once }), trouble])
  ends.defer(() => show.stop())
  if (!once) screen.print(invitation(stack, show.repository, page))
  const asTold = await Promise.race([show.perform(), trouble])
  if (once) {
    screen.title(asTold ? AS_TOLD : 'Not all of it happened as it has to: see the outcomes and sentences above.')
    return asTold
  }
  screen.print(['', 'Everything stays up until Ctrl-C.', ...invitation(stack, show.repository, page)])
  return await trouble
}

function openEngine({ kubeconfigs, urls }: Stack, logFile: string): Promise<Engine> {
  return startEngine({
    kubeconfig: kubeconfigs.engine,
    temporal: urls.temporal,
    cluster: CLUSTER,
    sourceFiles: join(STATE, 'git'),
    logFile,
  })
}

function openPage({ kubeconfigs, urls, stateDir }: Stack): Promise<Page> {
  return startPage({
    kubeconfig: kubeconfigs.api,
    approver: kubeconfigs.alice,
    temporalUi: urls.temporalUi,
    cluster: CLUSTER,
    stateDir,
    logFile: join(stateDir, 'logs', 'api.log'),
  })
}

async function bringUp(screen: Screen): Promise<Stack> {
  await clearSite(STATE, screen.say)
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
