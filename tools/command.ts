import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'

const LAST_LINES = 15

export type Command = {
  command: string
  args: string[]
  cwd: string
  env: NodeJS.ProcessEnv
  /** Everything the command says on stderr goes here; the end of it goes into the error. */
  logFile: string
  timeoutMs: number
  signal?: AbortSignal
}

/** Runs a command to its end and returns what it printed. Throws with its last words when it fails. */
export async function run(options: Command): Promise<string> {
  await mkdir(path.dirname(options.logFile), { recursive: true })
  const log = openSync(options.logFile, 'a')
  try {
    return await finished(options, log)
  } finally {
    closeSync(log)
  }
}

async function finished(options: Command, log: number): Promise<string> {
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', log],
    timeout: options.timeoutMs,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const endWithUs = (): void => void child.kill()
  process.once('exit', endWithUs)
  let printed = ''
  child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  try {
    const end = await new Promise<string | number>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'))
    })
    if (end !== 0) throw new Error(await complaint(options, end))
    return printed
  } finally {
    process.off('exit', endWithUs)
  }
}

async function complaint(options: Command, end: string | number): Promise<string> {
  const said = (await readFile(options.logFile, 'utf8')).trimEnd().split('\n').slice(-LAST_LINES).join('\n')
  const what = [options.command, ...options.args].join(' ')
  return `${what} ended with ${end}:\n${said}\n(the whole output is in ${options.logFile})`
}
