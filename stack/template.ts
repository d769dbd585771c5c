import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defaultCache, publish } from '../tools/cache.ts'
import type { Layout } from './layout.ts'
import { runningOf } from './process.ts'
import type { Tools } from './servers/index.ts'

/**
 * A cluster's data as it is when all kinds and rights are installed and nobody has used it yet: a new stack starts from
 * a copy. It holds nothing that differs from stack to stack, no credentials and no addresses.
 */
export type Template = {
  /** Gives a stack without data a copy; false when it has data, or when there is no template yet. */
  unfold(layout: Layout): Promise<boolean>
  /** Keeps the data of a stack that is at that point, if nobody has yet. Its etcd stands still for that moment. */
  keep(layout: Layout): Promise<void>
}

const DEPLOY = fileURLToPath(new URL('../deploy', import.meta.url))
const CONTENT = 'etcd'

/** Keyed by the tools and by everything that is installed: `deploy/base`, `deploy/crds`, the mesh's kinds. */
export async function openTemplate(
  tools: Tools,
  folder = join(dirname(defaultCache(process.env)), 'templates'),
): Promise<Template> {
  const entry = join(folder, await keyOf(tools))
  return {
    async unfold(layout) {
      if (existsSync(layout.path('etcd')) || !existsSync(entry)) return false
      const aside = layout.path('etcd.unfinished')
      await rm(aside, { recursive: true, force: true })
      await copy(join(entry, CONTENT), aside)
      await rename(aside, layout.path('etcd'))
      return true
    },
    async keep(layout) {
      if (!existsSync(entry)) await publish(entry, (aside) => copyStanding(layout, join(aside, CONTENT)))
    },
  }
}

/** Files of a process that stands still are what a crash at this moment would leave, which etcd starts from by design. */
async function copyStanding(layout: Layout, target: string): Promise<void> {
  const etcd = runningOf(layout, 'etcd')
  if (etcd === undefined) throw new Error('etcd does not run')
  process.kill(etcd.pid, 'SIGSTOP')
  try {
    await copy(layout.path('etcd'), target)
  } finally {
    process.kill(etcd.pid, 'SIGCONT')
  }
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await copy(source, target)
    else if (!entry.name.endsWith('.tmp')) await copySparse(source, target)
  }
}

/** A log is made in its full length, 64 MB, of which the first few hundred kB are written: the rest stays a hole. */
async function copySparse(source: string, target: string): Promise<void> {
  const content = await readFile(source)
  let end = content.length
  while (end >= ZEROS.length && content.subarray(end - ZEROS.length, end).equals(ZEROS)) end -= ZEROS.length
  await writeFile(target, content.subarray(0, end), { mode: 0o600 })
  await truncate(target, content.length)
}

const ZEROS = Buffer.alloc(64 << 10)

async function keyOf(tools: Tools): Promise<string> {
  const hash = createHash('sha256').update('1')
  for (const tool of [tools.etcd, tools['kube-apiserver'], tools['kube-controller-manager'], tools['mesh-crds']]) {
    const { size, mtimeMs } = await stat(tool)
    hash.update(JSON.stringify([tool, size, mtimeMs]))
  }
  for (const file of await filesOf(['base', 'crds'])) hash.update(file).update(await readFile(join(DEPLOY, file)))
  return hash.digest('hex').slice(0, 16)
}

async function filesOf(folders: string[]): Promise<string[]> {
  const found = await Promise.all(
    folders.map(async (folder) => (await readdir(join(DEPLOY, folder))).map((name) => join(folder, name))),
  )
  return found.flat().toSorted()
}
