import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { expect, it, onTestFinished } from 'vitest'
import { startApiServer } from '../fakes/api-server.ts'
import type { EngineOptions } from './engine.ts'

/** A process that starts an engine and waits, as a bench does. */
const OWNER = `
  import { createEngine } from '${new URL('engine.ts', import.meta.url).href}'
  await createEngine(JSON.parse(process.argv[1])).start()
  console.log('up')
  setInterval(() => {}, 1_000)`

it.each(['SIGINT', 'SIGKILL'] as const)('an engine ends with its owner, whom %s ended', async (signal) => {
  const server = await startApiServer()
  const directory = mkdtempSync(join(tmpdir(), 'sluice-engine-'))
  onTestFinished(async () => {
    await server.stop()
    rmSync(directory, { recursive: true })
  })
  const logFile = join(directory, 'engine.log')
  const { kubeconfig } = server
  const options: EngineOptions = { role: 'controller', kubeconfig, temporal: '127.0.0.1:9', cluster: 'local', logFile }
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', OWNER, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  expect(String(await once(owner.stdout, 'data'))).toBe('up\n')
  const port = /"healthPort":(\d+)/.exec(readFileSync(logFile, 'utf8'))?.[1]
  const answers = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      () => true,
      () => false,
    )
  expect(await answers()).toBe(true)
  owner.kill(signal)
  await once(owner, 'exit')
  await expect.poll(answers).toBe(false)
  await expect.poll(server.connections).toBe(0)
})
