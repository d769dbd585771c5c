import process from 'node:process'
import { simpleGit, type SimpleGit } from 'simple-git'

/** Silence of so long ends a command. */
const SILENCE_MS = 30_000

/** What a command takes over from this process: how to find programs and the way out, nothing that configures git. */
const PASSED_ON = ['PATH', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy', 'SSL_CERT_FILE', 'SSL_CERT_DIR']

/**
 * `git` in a directory that reads one configuration, the file `config`, and nobody's besides: no user's, no machine's.
 * Errors are what git said, in one line.
 */
export function gitIn(directory: string, { config, signal }: { config: string; signal: AbortSignal }): SimpleGit {
  const passedOn = PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  return simpleGit({
    baseDir: directory,
    abort: signal,
    timeout: { block: SILENCE_MS },
    // Named here because simple-git lets none of them through by default; they are ours, no user's.
    allowEnvironment: ['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM', 'GIT_TERMINAL_PROMPT'],
    unsafe: { allowUnsafeConfigPaths: true },
    errors: (error, { stdErr }) =>
      error === undefined ? undefined : new Error(wordsOf(Buffer.concat(stdErr).toString('utf8'), error)),
  }).env({
    ...(Object.fromEntries(passedOn) as Record<string, string>),
    HOME: directory,
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: config,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
  })
}

/** Without git's advice to a person at a terminal. */
function wordsOf(said: string, error: Buffer | Error): string {
  if (error instanceof Error && error.message.includes('timeout')) return `no word for ${SILENCE_MS / 1_000} s`
  if (String(error).includes('spawn git ENOENT')) return 'the engine has no git on its PATH'
  const lines = said
    .split(/[\r\n]+/)
    .map((line) => line.replace(/^(fatal|error): /, '').trim())
    .filter((line) => line !== '')
  const redirect = lines.findIndex((line) => /returned error: 30\d/.test(line))
  if (redirect >= 0) return `${lines[redirect]}; redirects are not followed, write the final address into spec.url`
  const advice = lines.findIndex((line) => line.startsWith('Please make sure you have the correct access rights'))
  return (advice < 0 ? lines : lines.slice(0, advice)).join('; ') || String(error)
}
