import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gitIn } from './git.ts'

export type Repository = {
  /** The bare repository that is applied: where a developer pushes to. */
  remote: string
  /** The developer's own copy. */
  clone: string
  /** Replaces a text in one file of the copy, commits and pushes. Throws when the file does not have it exactly once. */
  push: (change: Change) => Promise<Pushed>
}

export type Change = { file: string; replace: string; by: string; message: string }
/** `at`: epoch milliseconds when the push was accepted. */
export type Pushed = { commit: string; at: number }

const SHOP = fileURLToPath(new URL('shop/', import.meta.url))
const BRANCH = 'main'

/** A remote with the shop's manifests in it and a developer's clone beside it, both in `directory`. */
export async function createRepository(
  directory: string,
  { prometheus }: { prometheus: string },
): Promise<Repository & { first: Pushed }> {
  const remote = join(directory, 'shop.git')
  const clone = join(directory, 'shop')
  await mkdir(directory, { recursive: true })
  await gitIn(directory).raw('init', '--quiet', '--bare', `--initial-branch=${BRANCH}`, remote)
  await gitIn(directory).raw('init', '--quiet', `--initial-branch=${BRANCH}`, clone)
  await gitIn(clone).addRemote('origin', remote)
  // For whoever commits here by hand and has told git nothing about themselves.
  await gitIn(clone).addConfig('user.name', 'Ada Developer').addConfig('user.email', 'ada@shop.example')
  await cp(SHOP, clone, { recursive: true })
  await edit(join(clone, 'checkout.yaml'), 'http://prometheus.example:9090', prometheus)
  const first = await publish(clone, 'The shop: three services behind one gateway')
  return {
    remote,
    clone,
    first,
    async push({ file, replace, by, message }) {
      await edit(join(clone, file), replace, by)
      return publish(clone, message)
    },
  }
}

async function publish(clone: string, message: string): Promise<Pushed> {
  const git = gitIn(clone)
  await git.add('.')
  await git.commit(message)
  await git.push('origin', BRANCH, ['--set-upstream'])
  return { commit: await git.revparse('HEAD'), at: Date.now() }
}

async function edit(file: string, replace: string, by: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  const found = text.split(replace).length - 1
  if (found !== 1) throw new Error(`${file} has "${replace}" ${found} times, not once`)
  await writeFile(
    file,
    text.replace(replace, () => by),
  )
}
