import { simpleGit } from 'simple-git'

/**
 * Files of released histories that were changed, removed or added since: those of each version in `folder` (relative to
 * the repository) for which there is a tag `v<version>`. None where there is no repository.
 */
export async function changedSinceRelease(repository: string, folder: string): Promise<string[]> {
  const git = simpleGit(repository)
  if (!(await git.checkIsRepo())) return []
  const changed: string[] = []
  for (const tag of (await git.tags()).all.filter((name) => /^v\d/.test(name))) {
    const path = `${folder}/${tag.slice(1)}`
    const [known, fresh] = await Promise.all([
      git.raw('diff', '--name-only', '--relative', tag, '--', path),
      git.raw('ls-files', '--others', '--exclude-standard', '--', path),
    ])
    changed.push(...`${known}${fresh}`.split('\n').filter((line) => line !== ''))
  }
  return changed
}

/** True where the version is out: its histories are not to be recorded again. */
export async function isReleased(repository: string, version: string): Promise<boolean> {
  const git = simpleGit(repository)
  return (await git.checkIsRepo()) && (await git.tags()).all.includes(`v${version}`)
}
