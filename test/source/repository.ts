import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export type Files = { [path: string]: string | null }

/** A bare repository and a developer who pushes to it, by the real git. Leaving its scope removes both. */
export function openRepository(files: Files) {
  const directory = mkdtempSync(join(tmpdir(), 'repository-'))
  const remote = join(directory, 'shop.git')
  const clone = join(directory, 'shop')
  run(directory, 'init', '--quiet', '--bare', '--initial-branch=main', remote)
  run(directory, 'clone', '--quiet', remote, clone)
  run(clone, 'checkout', '--quiet', '-B', 'main')
  const git = (...args: string[]): string => run(clone, ...args)

  /** Null deletes a file. Gives the commit. */
  function push(change: Files, message = 'A change', ...flags: string[]): string {
    for (const [path, text] of Object.entries(change)) {
      const file = join(clone, path)
      if (text === null) rmSync(file)
      else {
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, text)
      }
    }
    git('add', '--all')
    git('commit', '--quiet', '--allow-empty', '-m', message)
    git('push', '--quiet', ...flags, 'origin', 'HEAD:main')
    return git('rev-parse', 'HEAD').trim()
  }

  const allowDeletion = (): void => void run(remote, 'config', 'receive.denyDeleteCurrent', 'ignore')

  return {
    allowDeletion,
    directory,
    remote,
    clone,
    url: `file://${remote}`,
    git,
    push,
    first: push(files, 'The first'),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  }
}

const SOMEBODY = {
  GIT_AUTHOR_NAME: 'Ada Developer',
  GIT_AUTHOR_EMAIL: 'ada@shop.example',
  GIT_COMMITTER_NAME: 'Ada Developer',
  GIT_COMMITTER_EMAIL: 'ada@shop.example',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
}

const run = (cwd: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd, env: { ...process.env, ...SOMEBODY }, encoding: 'utf8', stdio: 'pipe' })
