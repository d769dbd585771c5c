import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { AccessOptions } from '../access.ts'
import type { ApiService } from '../engine.ts'
import { Refusal } from '../failure.ts'

export type Forwarding = AsyncDisposable & {
  url: string
  /** Resolves with a sentence when it ends by itself. */
  ended: Promise<string>
}

/** `port`: on this machine; 0 takes a free one. */
export type ForwardOptions = AccessOptions & { engineNamespace: string; port: number }

const WITHIN_MS = 20_000

/** `kubectl port-forward` to a Service, on loopback. Throws `Refusal` when that does not come about. */
export async function forward({ name, port }: ApiService, options: ForwardOptions): Promise<Forwarding> {
  const where = ['-n', options.engineNamespace, `service/${name}`, `${options.port === 0 ? '' : options.port}:${port}`]
  const args = [...flagsOf(options), 'port-forward', '--address', '127.0.0.1', ...where]
  const child = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const heard: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => heard.push(line))
  const ended = endOf(child).then((what) => `kubectl port-forward ended: ${heard.join(' ') || what}`)
  const first = await Promise.race([listening(child), ended, late()])
  if (first.startsWith('127.0.0.1:')) {
    return {
      url: `http://localhost:${first.split(':')[1]}/`,
      ended,
      async [Symbol.asyncDispose]() {
        child.kill()
        await ended
      },
    }
  }
  child.kill()
  const other = `kubectl ${args.slice(0, -1).join(' ')} :${port}`
  throw new Refusal(`${first}. It takes kubectl on PATH and the right to forward ports; by hand: ${other}`)
}

const flagsOf = ({ kubeconfig, context, as: user, asGroup = [] }: ForwardOptions): string[] => [
  ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
  ...(context === undefined ? [] : ['--context', context]),
  ...(user === undefined ? [] : ['--as', user]),
  ...asGroup.flatMap((group) => ['--as-group', group]),
]

/** Resolves with address and port. */
function listening({ stdout }: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  if (stdout) {
    createInterface({ input: stdout }).on('line', (line) => {
      const [, address] = /^Forwarding from (127\.0\.0\.1:\d+) /.exec(line) ?? []
      if (address !== undefined) resolve(address)
    })
  }
  return promise
}

function endOf(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  child.once('error', ({ message }) => resolve(message))
  child.once('close', (code) => resolve(`exit code ${code}`))
  return promise
}

function late(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  setTimeout(() => resolve(`kubectl port-forward did not listen within ${WITHIN_MS / 1_000} s`), WITHIN_MS).unref()
  return promise
}
