import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { stage } from './stage.ts'

let place = ''

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'sluice-build-'))
  await promisify(execFile)(process.execPath, ['cli/build.ts', place])
}, 60_000)
afterAll(() => rm(place, { recursive: true }))

type Ended = { code: number; out: string; complaints: string }

/** What was built, as a process. */
function run(file: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>()
  const home = { PATH: [place, process.env['PATH']].join(delimiter), HOME: place, ...env }
  execFile(join(place, file), args, { env: home }, (error, out, complaints) =>
    resolve({ code: error ? Number(error.code) : 0, out, complaints }),
  )
  return promise
}

describe('the file that npm run build writes', () => {
  it('needs nothing beside it: schemas, rules, YAML, threads and queries are in it', async () => {
    const sluice = (...args: string[]) => run('sluice.js', args)
    expect(await sluice('lint', '-f', 'deploy/examples')).toMatchObject({ code: 0, complaints: '' })
    const { out } = await sluice('plan', '-f', 'deploy/examples/canary-steps.yaml', '-o', 'yaml')
    expect(parse(out)).toMatchObject([{ name: 'checkout' }])
    const minutes = Array.from({ length: 600 }, (_, minute) => `${1_800_000_000 + 60 * minute},600,1`)
    writeFileSync(join(place, 'minutes.csv'), ['time,requests,bad', ...minutes].join('\n'))
    const ramp = ['backtest', '-f', 'deploy/examples/canary-ramp.yaml', '--metric', 'errors', '--harm', '0']
    const past = await sluice(...ramp, '--from-csv', join(place, 'minutes.csv'), '--replays', '2', '--threads', '2')
    expect(past).toMatchObject({ code: 0, out: expect.stringMatching(/^sluice +identical/m) as string })
    const asked = await sluice(...ramp, '--prometheus', 'http://127.0.0.1:1')
    expect(asked.complaints).toContain('http://127.0.0.1:1: nobody answers')
  })

  it('goes through the proxies that a kubeconfig names', async () => {
    const { server } = await stage()
    for (const proxy of ['http://127.0.0.1:1', 'socks5://127.0.0.1:1']) {
      const file = join(place, 'proxied')
      writeFileSync(file, kubeconfig(server.url, proxy))
      const { complaints } = await run('sluice.js', ['get'], { KUBECONFIG: file })
      expect(complaints).toContain('connect ECONNREFUSED 127.0.0.1:1')
    }
  })

  it('completes verbs, flags and Rollouts in a shell', async () => {
    const { server, rollout } = await stage()
    rollout('Promoted', 'serves')
    const shown = async (...words: string[]): Promise<string> => {
      const typed = words.map((word) => `'${word}'`).join(' ')
      const lines = ['source <(sluice.js completion bash)', `COMP_WORDS=(sluice.js ${typed})`]
      const script = [...lines, `COMP_CWORD=${words.length}`, '_sluice_complete', 'echo "${COMPREPLY[@]}"'].join('\n')
      const env = { PATH: [place, process.env['PATH']].join(delimiter), KUBECONFIG: server.kubeconfig }
      return (await promisify(execFile)('bash', ['-c', script], { env })).stdout.trim()
    }
    expect(await shown('roll')).toBe('rollback')
    expect(await shown('rollback', '--di')).toBe('--direct')
    expect(await shown('approve', '-n', 'shop', 'ch')).toBe('checkout')
  })

  it('writes plain text where nobody looks, in a pipeline that claims colours as well', async () => {
    const { server, rollout } = await stage()
    rollout('Promoted', 'serves')
    const env = { KUBECONFIG: server.kubeconfig, CI: 'true', TERM: 'xterm-256color' }
    const { out } = await run('sluice.js', ['get', '-n', 'shop'], env)
    expect(out).toMatch(/checkout +Promoted/)
    expect(out).not.toContain('\u001B')
    const forced = await run('sluice.js', ['get', '-n', 'shop'], { ...env, FORCE_COLOR: '1' })
    expect(forced.out).toContain('\u001B[32mPromoted')
  })

  it('is what kubectl runs, and what kubectl asks for completion', async () => {
    expect((await run('kubectl-sluice', ['--help'])).out).toMatch(/^Usage: kubectl sluice /)
    expect((await run('kubectl_complete-sluice', ['appr'])).out).toBe(
      'approve\tlet a release pass the gate that waits\n:4\n',
    )
  })
})

const kubeconfig = (server: string, proxy: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'here', cluster: { server, 'insecure-skip-tls-verify': true, 'proxy-url': proxy } }],
    users: [{ name: 'me', user: { token: 'mine' } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
  })
