import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ensureTools } from '../../tools/resolve.ts'

/** A process with counters, which a test sets. */
export type Exporter = AsyncDisposable & {
  /** host:port */
  address: string
  /** Series in the text format, with their values. */
  counters: Map<string, number>
  /** What is served instead of the counters, once a test has set it. */
  text?: string
  /** Like a killed pod. */
  kill(): Promise<void>
}

export async function startExporter(): Promise<Exporter> {
  const counters = new Map<string, number>()
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(exporter.text ?? [...counters].map(([series, value]) => `${series} ${value}\n`).join(''))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const kill = async (): Promise<void> => {
    if (!server.listening) return
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const { port } = server.address() as AddressInfo
  const exporter: Exporter = { address: `127.0.0.1:${port}`, counters, kill, [Symbol.asyncDispose]: kill }
  return exporter
}

/** The real Prometheus, asking these exporters twice a second; `remember` may put something into its storage first. */
export async function startPrometheus(
  exporters: Exporter[],
  remember: (storage: string) => Promise<void> = () => Promise.resolve(),
  flags: string[] = [],
): Promise<AsyncDisposable & { url: string }> {
  const { prometheus } = await ensureTools({ names: ['prometheus'] })
  const folder = await mkdtemp(join(tmpdir(), 'sluice-witness-'))
  const config = {
    global: { scrape_interval: '500ms', scrape_timeout: '400ms' },
    scrape_configs: [{ job_name: 'envoy', static_configs: [{ targets: exporters.map(({ address }) => address) }] }],
  }
  await writeFile(join(folder, 'prometheus.json'), JSON.stringify(config))
  await remember(join(folder, 'data'))
  const child = spawn(
    prometheus,
    [
      `--config.file=${join(folder, 'prometheus.json')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--storage.tsdb.retention.time=100y',
      '--web.listen-address=127.0.0.1:0',
      ...flags,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const exited = once(child, 'exit')
  const url = await Promise.race([
    addressIn(child.stderr),
    exited.then(([code]) => Promise.reject(new Error(`prometheus ended with ${String(code)} while it was starting`))),
  ])
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** It says which port it chose, and goes on talking: somebody has to listen. */
function addressIn(log: NodeJS.ReadableStream): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  createInterface({ input: log }).on('line', (line) => {
    const [, address] = /msg="Listening on".*address=(\S+)/.exec(line) ?? []
    if (address !== undefined) resolve(`http://${address}`)
  })
  return promise
}
