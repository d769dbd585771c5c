import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SimpleGit } from 'simple-git'
import { describeError } from '../kube/index.ts'
import type { Reach } from '../network/reach.ts'
import { writeConfig, type Credentials } from './credentials.ts'
import { gitIn } from './git.ts'
import { remoteOf } from './remote.ts'
import { Trouble } from './trouble.ts'

/** `author` as git writes it: name and address. `message` is the first line. */
export type Commit = { hash: string; author: string; message: string }

/** `path` from the root of the repository; a link is a file that holds where it leads. */
export type TrackedFile = { path: string; isLink: boolean }

export type Checkout = { commit: Commit; directory: string; files: TrackedFile[] }

export type CloneOptions = {
  /** Of this Source alone. */
  directory: string
  url: string
  /** Whom a Source may name. */
  reach: Reach
  branch: string
  credentials: Credentials
  /** What the last look gave, if its files are still as it left them. */
  before?: Checkout
  /** A repository that is larger, as it is kept and as files, is refused. */
  limitBytes: number
  /** Everything together takes no longer; default 2 minutes. */
  timeoutMs?: number
  signal?: AbortSignal
}

const TIMEOUT_MS = 120_000
const MEASURE_EVERY_MS = 500
const AGAIN_AFTER_MS = 1_000
const HEAD = 'refs/sluice/head'

/**
 * The branch as it is at the remote now, its newest commit alone, as files. What was fetched before is kept, so that a
 * look at a branch that stands still costs one request. Throws `Trouble` with the server's words.
 */
export async function checkOut(options: CloneOptions): Promise<Checkout> {
  const { directory, limitBytes, timeoutMs = TIMEOUT_MS, signal } = options
  const late = AbortSignal.timeout(timeoutMs)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const secrets = await mkdtemp(join(directory, 'access-'))
  const size = limitSize(directory, limitBytes)
  const over = AbortSignal.any([late, size.signal, ...(signal ? [signal] : [])])
  try {
    const remote = await remoteOf(options.url, options.reach, over)
    const config = await writeConfig(secrets, remote, options.credentials)
    const tree = join(directory, 'tree')
    // Commits that nothing leads to any more are still there: now and then everything is fetched anew.
    const isKept = existsSync(tree) && (await sizeOf(tree)) <= limitBytes / 2
    if (!isKept) await rm(tree, { recursive: true, force: true })
    const { before, ...anew } = { ...options, url: remote.url }
    const checkout = await update(tree, config, over, isKept && before ? { ...anew, before } : anew)
    await size.measure()
    size.signal.throwIfAborted()
    return checkout
  } catch (error) {
    if (size.signal.aborted) await rm(join(directory, 'tree'), { recursive: true, force: true })
    const why = size.signal.aborted
      ? `the repository has more than ${(limitBytes / 1024 ** 2).toFixed(1)} MiB`
      : late.aborted
        ? `it took longer than ${timeoutMs / 1_000} s`
        : describeError(error)
    throw new Trouble('FetchFailed', `${options.url}: ${why}`)
  } finally {
    size.stop()
    await rm(secrets, { recursive: true, force: true })
  }
}

async function update(tree: string, config: string, signal: AbortSignal, options: CloneOptions): Promise<Checkout> {
  const open = async (): Promise<SimpleGit> => {
    await mkdir(tree, { recursive: true, mode: 0o700 })
    const git = gitIn(tree, { config, signal })
    if (!existsSync(join(tree, '.git', 'HEAD'))) await git.raw('init', '--quiet')
    return git
  }
  let git = await open()
  try {
    await fetch(git, options)
    const { before } = options
    const hash = await git.raw('rev-parse', HEAD)
    return before && hash.trim() === before.commit.hash ? before : await filesOf(git, tree)
  } catch (error) {
    if (signal.aborted || isFinal(error)) throw error
    // A lock or half a file that a killed process left, or a connection that broke: once more, from nothing.
    await sleep(AGAIN_AFTER_MS, undefined, { signal })
    await rm(tree, { recursive: true, force: true })
    git = await open()
    await fetch(git, options)
    return filesOf(git, tree)
  }
}

const fetch = (git: SimpleGit, { url, branch }: CloneOptions): Promise<string> =>
  git.raw('fetch', '--depth=1', '--no-tags', '--no-recurse-submodules', '--quiet', url, `+refs/heads/${branch}:${HEAD}`)

const isFinal = (error: unknown): boolean =>
  /couldn't find remote ref|Authentication failed|Permission denied|not found|does not appear to be|Host key verification|not allowed/i.test(
    String(error),
  )

async function filesOf(git: SimpleGit, directory: string): Promise<Checkout> {
  await git.raw('checkout', '--quiet', '--force', '--detach', HEAD)
  await git.raw('clean', '--quiet', '-ffdx')
  const said = await git.raw('log', '-1', '--no-show-signature', '--format=%H%x00%an <%ae>%x00%s', HEAD)
  const [hash = '', author = '', message = ''] = said.trim().split('\0').map(printable)
  const listed = await git.raw('ls-files', '--stage', '-z')
  const files = listed
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => ({ path: line.slice(line.indexOf('\t') + 1), isLink: line.startsWith('120000') }))
  return { commit: { hash, author: author.slice(0, 256), message: message.slice(0, 1024) }, directory, files }
}

/** Whoever commits writes what he likes. */
// oxlint-disable-next-line no-control-regex -- they are what is taken out
const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim()

/** Aborts when there is more than `limitBytes` in a directory. */
function limitSize(directory: string, limitBytes: number) {
  const over = new AbortController()
  const measure = async (): Promise<void> => {
    if ((await sizeOf(directory)) > limitBytes) over.abort()
  }
  const timer = setInterval(() => void measure().catch(() => undefined), MEASURE_EVERY_MS)
  return { signal: over.signal, measure, stop: () => clearInterval(timer) }
}

/** Bytes of all files below; what goes away meanwhile counts nothing. */
async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
