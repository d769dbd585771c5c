import { simpleGit, type SimpleGit } from 'simple-git'

/** `git` in a directory, as nobody in particular: what this machine's user configured (hooks, signing) is not asked for. */
export const gitIn = (directory: string): SimpleGit =>
  simpleGit({
    baseDir: directory,
    timeout: { block: 30_000 },
    config: ['user.name=Ada Developer', 'user.email=ada@shop.example', 'commit.gpgsign=false'],
  })
