import { watch } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { PROVENANCE } from '../crds/names.ts'
import { describeError, type Kube } from '../kube/index.ts'
import { gitIn } from './git.ts'
import { inOrder, readManifests, type Complaint, type Declared, type Manifest } from './manifests.ts'

export type SourceOptions = {
  /** A bare repository on this machine. */
  remote: string
  branch?: string
  kube: Kube
  /** What became of a commit; once per commit, and again when what it complains about has changed. */
  tell: (news: News) => void
  /** What a missed event, or an API server that was away, costs at most; default 10 s. */
  lookAgainMs?: number
}

export type Commit = { hash: string; author: string; message: string }
export type News = { commit: Commit; applied: string[]; complaints: Complaint[] }

const FIELD_MANAGER = 'git'

type Source = Omit<SourceOptions, 'lookAgainMs'> & {
  branch: string
  applied: Map<string, Declared>
  last: News | undefined
}

/**
 * Applies a branch, commit by commit: objects whose manifest differs from what was applied last, by server-side apply.
 * A file that cannot be read and an object that is refused are told and tried again; they stop nothing else. Objects
 * that are no longer declared stay.
 */
export async function startSource({
  branch = 'main',
  lookAgainMs = 10_000,
  ...options
}: SourceOptions): Promise<{ stop(): Promise<void> }> {
  const source: Source = { ...options, branch, applied: new Map(), last: undefined }
  let looking = Promise.resolve()
  let waiting = false
  let stopped = false
  function look(): void {
    if (waiting || stopped) return
    waiting = true
    looking = looking.then(async () => {
      waiting = false // what happens from here on needs another look
      if (!stopped) await lookOnce(source)
    })
  }
  const watcher = watch(join(options.remote, 'refs', 'heads'), look)
  const again = setInterval(look, lookAgainMs)
  look()
  await looking
  return {
    async stop() {
      stopped = true
      watcher.close()
      clearInterval(again)
      await looking
    },
  }
}

/** Never rejects: whatever goes wrong is news. */
async function lookOnce(source: Source): Promise<void> {
  const { last, tell } = source
  const news = await readAndApply(source).catch((error: unknown) => ({
    commit: last?.commit ?? { hash: '', author: '', message: '' },
    applied: [],
    complaints: [{ file: source.remote, message: describeError(error) }],
  }))
  if (!news) return
  source.last = news
  if (news.commit.hash !== last?.commit.hash || !isDeepStrictEqual(news.complaints, last.complaints)) tell(news)
}

/** undefined when there is nothing new. */
async function readAndApply(source: Source): Promise<News | undefined> {
  const { last } = source
  const commit = await head(source)
  if (commit === undefined || (commit.hash === last?.commit.hash && last.complaints.length === 0)) return undefined
  return applyCommit(source, commit)
}

async function head({ remote, branch }: Source): Promise<Commit | undefined> {
  const git = gitIn(remote)
  const hash = (await git.raw('for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`)).trim()
  if (hash === '') return undefined
  const [author = '', message = ''] = (await git.raw('log', '-1', '--format=%an%x00%s', hash)).trim().split('\0')
  return { hash, author, message }
}

async function applyCommit(source: Source, commit: Commit): Promise<News> {
  const { manifests, complaints } = await readCommit(source, commit)
  const applied: string[] = []
  for (const manifest of inOrder(manifests)) {
    if (isDeepStrictEqual(source.applied.get(manifest.key), manifest.object)) continue
    try {
      const object = withProvenance(manifest, commit)
      await source.kube.apply(manifest.resource, object, { fieldManager: FIELD_MANAGER, force: true })
      source.applied.set(manifest.key, manifest.object)
      applied.push(manifest.key)
    } catch (error) {
      complaints.push({ file: manifest.file, message: `${manifest.key}: ${describeError(error)}` })
    }
  }
  return { commit, applied, complaints }
}

async function readCommit(
  { remote }: Source,
  { hash }: Commit,
): Promise<{ manifests: Manifest[]; complaints: Complaint[] }> {
  const git = gitIn(remote)
  const files = (await git.raw('ls-tree', '-r', '-z', '--name-only', hash)).split('\0')
  const yaml = files.filter((file) => /\.ya?ml$/.test(file))
  const read = await Promise.all(yaml.map(async (file) => readManifests(file, await git.show([`${hash}:${file}`]))))
  return { manifests: read.flatMap((one) => one.manifests), complaints: read.flatMap((one) => one.complaints) }
}

/** Who declared a revision, and why, goes with the Rollout into its Release. */
function withProvenance({ resource, object }: Manifest, { hash, author, message }: Commit): Declared {
  if (resource.kind !== 'Rollout') return object
  const said = { [PROVENANCE.commit]: hash, [PROVENANCE.author]: author, [PROVENANCE.message]: message }
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...said } } }
}
