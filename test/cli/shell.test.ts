import { describe, expect, it } from 'vitest'
import { API_VERSION } from '../../crds/names.ts'
import { DEPLOYMENTS, ROLLOUTS, SERVICES } from '../../crds/resources.ts'
import { callOf } from '../../cli/self.ts'
import { stage } from './stage.ts'
import { sluice } from './typed.ts'

const labels = { 'app.kubernetes.io/name': 'sluice' }

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
