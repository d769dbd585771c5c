import { describe, expect, it } from 'vitest'
import { LABEL } from '../../crds/names.ts'
import { PODS } from '../../crds/resources.ts'
import { CANARY, STABLE, stage, type Cli } from './stage.ts'

const running = { canary: CANARY, release: 2, step: '2/5', weight: 5 }

function pod({ server }: Cli, name: string, revision: string, text: string, containers = ['app']): void {
  server.put(PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', labels: { [LABEL.rollout]: 'checkout', [LABEL.revision]: revision } },
    spec: { containers: containers.map((name) => ({ name })) },
    status: { containerStatuses: containers.map((name) => ({ name, restartCount: 0, state: { running: {} } })) },
  })
  server.logs.set(name, text)
}

async function shop(): Promise<Cli> {
  const cli = await stage()
  cli.rollout('Analysing', 'looks', running)
  pod(cli, 'one', STABLE, 'GET /\nGET /cart\n')
  pod(cli, 'two', CANARY, 'boom\n', ['app', 'proxy'])
  pod(cli, 'old', 'cccccccccc', 'gone\n')
  return cli
}

describe('sluice logs', () => {
  it('puts every line of canary and stable behind its pod and container', async () => {
    const { sluice } = await shop()
    expect(await sluice('logs', 'checkout')).toMatchObject({
      code: 0,
      out: 'stable one app | GET /\nstable one app | GET /cart\ncanary two app | boom\ncanary two proxy | boom\n',
    })
  })

  it('reads one side, one revision or one container where that is asked for', async () => {
    const { sluice, server } = await shop()
    expect((await sluice('logs', 'checkout', '--stable')).out).not.toContain('canary')
    expect((await sluice('logs', 'checkout', '--canary', '-c', 'proxy')).out).toBe('canary two proxy | boom\n')
    expect((await sluice('logs', 'checkout', '--revision', 'cccc')).out).toBe('other old app | gone\n')
    await sluice('logs', 'checkout', '--stable', '--tail', '5', '--since', '90s', '--previous')
    const { query } = server.requests.findLast(({ path }) => path.endsWith('/one/log'))!
    expect(Object.fromEntries(query)).toEqual({
      container: 'app',
      previous: 'true',
      sinceSeconds: '90',
      tailLines: '5',
    })
  })

  it('goes on with pods that come, until it is interrupted', async () => {
    const cli = await shop()
    const following = cli.begin(['logs', 'checkout', '--follow'])
    await following.seen('canary two proxy | boom')
    pod(cli, 'three', CANARY, 'hello\n')
    await following.seen('canary three app | hello')
    following.interrupt()
    expect(await following.ended).toBe(130)
  })

  it('says what there is not', async () => {
    const cli = await shop()
    expect((await cli.sluice('logs', 'checkout', '-c', 'nginx')).complaints).toContain(
      'no pod of checkout has a container nginx; there are app, proxy',
    )
    cli.rollout('Promoted', 'serves', { canary: null, release: null } as never)
    expect((await cli.sluice('logs', 'checkout', '--canary')).complaints).toContain('there is no canary')
    cli.server.logs.delete('one')
    expect((await cli.sluice('logs', 'checkout')).complaints).toContain(
      'stable one app: container in pod "one" is waiting',
    )
  })

  it('fails where nothing could be read', async () => {
    const cli = await shop()
    cli.server.logs.clear()
    expect((await cli.sluice('logs', 'checkout')).code).toBe(1)
  })

  it('names the rights that it takes', async () => {
    const { sluice, server } = await shop()
    server.interfere(({ path }) =>
      path.endsWith('/pods') ? { code: 403, reason: 'Forbidden', message: 'no pods for eve' } : undefined,
    )
    const { code, complaints } = await sluice('logs', 'checkout')
    expect(code).toBe(1)
    expect(complaints).toContain('that takes get and list on pods and get on pods/log in namespace shop')
  })
})
