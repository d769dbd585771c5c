import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { startApiServer } from '../test/fakes/api-server.ts'
import { kept, median, type Report, type Row } from './report.ts'

const ROUNDS = 31
const MOST_TIMES_NODE = 4

/** The published file from its start to its end, beside a Node that does nothing; in turns, so that a busy machine slows all. */
export async function measureCli(): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-cli-'))
  const server = await startApiServer()
  try {
    const file = join(directory, 'sluice.js')
    await timed([join(import.meta.dirname, '../cli/build.ts'), directory])
    const runs: Record<string, string[]> = {
      node: ['--eval', '0'],
      version: [file, '--version'],
      help: [file, '--help'],
      get: [file, 'get', '-A', '--kubeconfig', server.kubeconfig],
    }
    const times: Record<string, number[]> = { node: [], version: [], help: [], get: [] }
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, args] of Object.entries(runs)) times[name]?.push(await timed(args))
    }
    return reportOf(times)
  } finally {
    await server.stop()
    await rm(directory, { recursive: true })
  }
}

/** Milliseconds. Throws when it fails. */
async function timed(args: string[]): Promise<number> {
  const began = performance.now()
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`)
  return performance.now() - began
}

const WHAT: Record<string, string> = {
  version: 'sluice --version',
  help: 'sluice --help',
  get: 'sluice get -A, from an API server on loopback',
}

function reportOf({ node = [], ...others }: Record<string, number[]>): Report {
  const bare = median(node)
  const rows = Object.entries(others).flatMap(([key, samples]): Row[] => [
    {
      key: `${key}Ratio`,
      what: `${WHAT[key]}`,
      value: median(samples) / bare,
      ...(key === 'get' ? {} : { limit: MOST_TIMES_NODE }),
      unit: 'times a bare Node',
    },
    { key: `${key}Ms`, what: 'by the clock on the wall', value: median(samples), unit: 'ms', samples },
  ])
  const all = [{ key: 'nodeMs', what: 'a Node that does nothing', value: bare, unit: 'ms', samples: node }, ...rows]
  return { ok: all.every(kept), rows: all }
}
