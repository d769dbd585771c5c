import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import type { Access } from './ground.ts'

type Who = keyof Access['kubeconfigs']

export type Ended = { code: number; out: string; complaints: string }

export type Begun = {
  /** The exit code. */
  ended: Promise<number>
  /** Everything that was written so far. */
  out: () => string
  /** Resolves once it has written this. */
  seen: (words: string) => Promise<void>
  /** Ctrl-C. */
  interrupt: () => void
}

/** The published file as a process of its own, with nothing but the kubeconfig of whoever types. */
export type CommandLine = AsyncDisposable & {
  /** Where it was built. */
  place: string
  sluice: (who: Who, ...args: string[]) => Promise<Ended>
  begin: (who: Who, ...args: string[]) => Begun
  /** The same, in a terminal with colours. */
  onScreen: (who: Who, ...args: string[]) => Begun
}

/** In that namespace where the words name no other one. */
export async function openCommandLine({ kubeconfigs }: Access, namespace: string): Promise<CommandLine> {
  const place = await mkdtemp(join(tmpdir(), 'sluice-cli-'))
  await promisify(execFile)(process.execPath, ['cli/build.ts', place])
  const file = join(place, 'sluice.js')
  const wordsOf = (args: string[]): string[] => [
    file,
    ...args,
    ...(args.some((arg) => /^(-n|-A)$/.test(arg)) ? [] : ['-n', namespace]),
  ]
  // A pipeline: where nobody looks there are no colours.
  const envOf = (who: Who): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'],
    CI: 'true',
    TERM: 'xterm',
    KUBECONFIG: kubeconfigs[who],
  })
  return {
    place,
    sluice(who, ...args) {
      const { promise, resolve } = Promise.withResolvers<Ended>()
      execFile(process.execPath, wordsOf(args), { env: envOf(who) }, (error, out, complaints) =>
        resolve({ code: error ? Number(error.code) : 0, out, complaints }),
      )
      return promise
    },
    begin: (who, ...args) => begin(process.execPath, wordsOf(args), envOf(who)),
    onScreen: (who, ...args) => begin('python3', ['-c', IN_TERMINAL, process.execPath, ...wordsOf(args)], envOf(who)),
    [Symbol.asyncDispose]: () => rm(place, { recursive: true }),
  }
}

/** Node cannot open terminals. */
const IN_TERMINAL = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))'

function begin(command: string, args: string[], env: NodeJS.ProcessEnv): Begun {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting = new Set<() => void>()
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    for (const look of waiting) look()
  })
  return {
    ended: once(child, 'close').then(([code]) => code as number),
    out: () => text,
    interrupt: () => void child.kill('SIGINT'),
    seen(words) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = (): void => {
        if (!text.includes(words)) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
      return promise
    },
  }
}
