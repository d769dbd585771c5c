import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { API_VERSION } from '../../crds/names.ts'
import { DEPLOYMENTS, ROLLOUTS, SERVICES } from '../../crds/resources.ts'
import { callOf } from '../../cli/self.ts'
import { CANARY, stage } from './stage.ts'
import { folder, sluice } from './typed.ts'

const labels = { 'app.kubernetes.io/name': 'sluice' }

describe('sluice __complete', () => {
  it('offers verbs, flags, and what flags can be', async () => {
    const words = async (...typed: string[]) => (await sluice('__complete', ...typed)).out.trimEnd().split('\n')
    expect((await words('sta'))[0]).toMatch(/^status\tshow a release/)
    expect(await words('__co')).toEqual([':4'])
    expect((await words('get', '--o')).map((line) => line.split('\t')[0])).toEqual(['--output', ':4'])
    expect(await words('get', '-o', '')).toEqual(['wide', 'json', 'yaml', ':4'])
    expect(await words('completion', 'z')).toEqual(['zsh', ':4'])
    expect(await words('lint', '-f', '')).toEqual([':0'])
    expect(await words('judge', '')).toEqual([':0'])
    expect(await words('get', 'checkout', '')).toEqual([':4'])
  })

  it('asks the cluster for Rollouts, releases and the gate that waits', async () => {
    const cli = await stage()
    const words = async (...typed: string[]) => {
      const flags = ['--kubeconfig', cli.server.kubeconfig, '-n', 'shop']
      return (await sluice('__complete', ...flags, ...typed)).out.trimEnd().split('\n')
    }
    cli.rollout('AwaitingApproval', 'Gate go-wide waits', { canary: CANARY, release: 2, gate: 'go-wide' })
    cli.rollout('Promoted', 'serves', {}, 'cart')
    cli.release(2, { stepIndex: 3 })
    expect(await words('status', 'c')).toEqual(['checkout\tAwaitingApproval', 'cart\tPromoted', ':4'])
    expect(await words('approve', 'checkout', '--gate', '')).toEqual(['go-wide\tGate go-wide waits', ':4'])
    expect(await words('status', 'checkout', '--release', '')).toEqual(['2\tRunning', ':4'])
    expect(await words('get', '--context', '')).toEqual(['fake', ':4'])
  })

  it('offers nothing, and complains of nothing, where the cluster does not answer', async () => {
    expect(await sluice('__complete', '--kubeconfig', '/nowhere', 'status', '')).toMatchObject({
      code: 0,
      out: ':4\n',
      complaints: '',
    })
  })

  it('is what bash shows', async () => {
    const place = folder()
    writeFileSync(place('sluice'), '#!/bin/sh\nprintf "%s|" "$@" >&3\nprintf "checkout\\tPromoted\\ncart\\n:4\\n"\n', {
      mode: 0o755,
    })
    writeFileSync(place('script'), (await sluice('completion', 'bash')).out)
    const script = [
      `source ${place('script')}`,
      `COMP_WORDS=(${place('sluice')} status c)`,
      'COMP_CWORD=2',
      'exec 3>/dev/null',
      '_sluice_complete',
      'echo "${COMPREPLY[@]}"',
    ]
    expect(execFileSync('bash', ['-c', script.join('\n')], { encoding: 'utf8' })).toBe('checkout cart\n')
  })
})

describe('sluice completion', () => {
  it.each(['bash', 'zsh', 'fish'])('writes a script for %s that asks the program', async (shell) => {
    expect((await sluice('completion', shell)).out).toContain('__complete')
  })

  it('names the shells that it knows', async () => {
    expect((await sluice('completion', 'csh')).complaints).toContain('Allowed choices are bash, zsh, fish')
  })
})

describe('sluice version', () => {
  it('tells its own without a cluster', async () => {
    expect((await sluice('version', '--client')).out).toMatch(/^client +\d+\.\d+\.\d+\n$/)
  })

  it('tells what runs in the cluster', async () => {
    const { server, sluice } = await stage()
    server.serves([ROLLOUTS])
    server.put(DEPLOYMENTS, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'sluice-worker', namespace: 'sluice-system', labels },
      spec: { replicas: 2, template: { spec: { containers: [{ image: 'registry/sluice:0.1.0' }] } } },
      status: { readyReplicas: 1 },
    })
    const { out, complaints } = await sluice('version')
    expect(out).toContain(`resources   ${API_VERSION}`)
    expect(out).toMatch(/sluice-worker +registry\/sluice:0\.1\.0 +1\/2/)
    expect(complaints).toBe('')
    expect(JSON.parse((await sluice('version', '-o', 'json')).out)).toMatchObject({
      engine: [{ name: 'sluice-worker', ready: 1, replicas: 2 }],
    })
  })

  it('says what it cannot see, and does not fail', async () => {
    const { server, sluice } = await stage()
    server.serves([ROLLOUTS])
    server.interfere(({ path }) =>
      path.includes('/deployments') ? { code: 403, reason: 'Forbidden', message: 'no' } : undefined,
    )
    const { code, complaints } = await sluice('version')
    expect(code).toBe(0)
    expect(complaints).toContain('You may not see the Deployments in sluice-system')
  })
})

describe('sluice ui', () => {
  const service = (annotations?: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'sluice-api',
      namespace: 'sluice-system',
      labels: { ...labels, 'app.kubernetes.io/component': 'api' },
      ...(annotations ? { annotations } : {}),
    },
    spec: { ports: [{ name: 'http', port: 80 }] },
  })

  it('prints the address that the Service names, or that is named', async () => {
    const { server, sluice } = await stage()
    server.put(SERVICES, service({ 'sluice.dev/url': 'https://sluice.example/' }))
    expect(await sluice('ui')).toMatchObject({ code: 0, out: 'https://sluice.example/\n' })
    expect((await sluice('ui', '--url', 'https://other.example')).out).toBe('https://other.example\n')
  })

  it('says what to do where there is none, or it may not be seen', async () => {
    const { server, sluice } = await stage()
    expect((await sluice('ui')).complaints).toContain('kubectl apply -k deploy/engine installs it')
    server.interfere(({ path }) =>
      path.includes('/services') ? { code: 403, reason: 'Forbidden', message: 'no' } : undefined,
    )
    expect((await sluice('ui')).complaints).toContain('name that by --url or SLUICE_UI_URL')
  })
})

describe('sluice', () => {
  it('is called the way it was started', () => {
    expect(callOf({ npm_lifecycle_event: 'sluice' })).toBe('npm run -s sluice --')
    expect(callOf({ npm_lifecycle_event: 'test' })).toBe('sluice')
    expect(callOf({}, '/usr/local/bin/kubectl-sluice')).toBe('kubectl sluice')
    expect(callOf({}, '/usr/local/bin/sluice')).toBe('sluice')
  })

  it('asks what was meant by a verb or a name that does not exist', async () => {
    const { rollout, sluice } = await stage()
    rollout('Promoted', 'serves')
    expect((await sluice('stauts', 'checkout')).complaints).toContain('(Did you mean status?)')
    expect((await sluice('status', 'chekout')).complaints).toBe(
      'error: there is no Rollout shop/chekout; did you mean checkout?\n',
    )
  })

  it('acts as somebody else where that is asked for', async () => {
    const { server, rollout, sluice } = await stage()
    rollout('Promoted', 'serves')
    await sluice('get', '--as', 'eve', '--as-group', 'shop-team', '--as-group', 'on-call')
    const { headers } = server.requests.at(-1)!
    expect(headers).toMatchObject({ 'impersonate-user': 'eve', 'impersonate-group': 'shop-team, on-call' })
    expect((await sluice('get', '--as-group', 'shop-team')).complaints).toContain('--as-group needs --as')
  })

  it('takes flags of every command before and behind the verb', async () => {
    const { rollout, sluice, server } = await stage()
    rollout('Promoted', 'serves')
    expect((await sluice('list', '--context', 'fake', '--kubeconfig', server.kubeconfig)).out).toContain('checkout')
  })
})
