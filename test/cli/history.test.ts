import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { API_VERSION, LABEL } from '../../crds/names.ts'
import { DECISIONS, RELEASES } from '../../crds/resources.ts'
import { placeOf } from '../fakes/api-server.ts'
import { CANARY, stage, type Cli } from './stage.ts'

async function past(): Promise<Cli> {
  const cli = await stage()
  cli.rollout('Promoted', 'serves', { lastRelease: { number: 3, revision: CANARY, outcome: 'Promoted' } })
  cli.release(1, { outcome: 'Promoted', endedAt: '2030-01-01T10:00:20Z' })
  cli.release(2, { outcome: 'RolledBack', message: 'Rolled back: 12 of 240 failed', endedAt: '2030-01-01T10:04:30Z' })
  cli.release(3, { outcome: 'Promoted', endedAt: '2030-01-01T10:20:00Z' })
  said(cli, 'one', 3, 'ada', 'Applied')
  said(cli, 'two', 3, 'eve', 'Refused')
  // About a release of a Rollout that had this name before.
  said(cli, 'three', 3, 'fay', 'Applied', 'cccccccccc')
  return cli
}

function said({ server }: Cli, name: string, release: number, by: string, outcome: string, revision = CANARY): void {
  const spec = { rollout: 'checkout', release, revision, action: 'approve', gate: 'go-wide', by }
  const metadata = { name, namespace: 'shop', labels: { [LABEL.rollout]: 'checkout' } }
  server.put(DECISIONS, {
    apiVersion: API_VERSION,
    kind: 'Decision',
    metadata,
    spec,
    status: { outcome, message: 'so' },
  })
}

const rows = (text: string): string[][] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/))

describe('sluice history', () => {
  it('shows releases newest first: how they ended, how long they took, who decided and whose they were', async () => {
    const { sluice } = await past()
    const [titles, ...lines] = rows((await sluice('history', 'checkout')).out)
    expect(titles).toEqual([
      'RELEASE',
      'REVISION',
      'OUTCOME',
      'STARTED',
      'TOOK',
      'DECIDED',
      'COMMIT',
      'AUTHOR',
      'CHANGE',
    ])
    const started = expect.any(String) as string
    expect(lines.slice(0, 3)).toEqual([
      ['3', CANARY, 'Promoted', started, '20m', 'approve ada', '3f2a9c1', 'Ada', 'Faster totals'],
      ['2', CANARY, 'RolledBack', started, '4m30s', '3f2a9c1', 'Ada', 'Faster totals'],
      ['1', CANARY, 'Promoted', started, '20s', '3f2a9c1', 'Ada', 'Faster totals'],
    ])
    expect(lines[3]).toEqual(['One of them: sluice history checkout -n shop --release 3'])
  })

  it('says why with -o wide, and gives the objects for machines', async () => {
    const { sluice } = await past()
    expect((await sluice('history', 'checkout', '-o', 'wide')).out).toMatch(
      /RolledBack .* Rolled back: 12 of 240 failed$/m,
    )
    const list = parse((await sluice('history', 'checkout', '-o', 'yaml')).out) as { items: object[] }
    expect(list.items).toHaveLength(3)
    const one = await sluice('history', 'checkout', '--release', '2', '-o', 'json')
    expect(JSON.parse(one.out)).toMatchObject({ kind: 'Release', spec: { number: 2 } })
  })

  it('shows one release with who said what about it', async () => {
    const { sluice } = await past()
    const { out } = await sluice('history', 'checkout', '--release', '3')
    expect(out).toContain('✔ Promoted · release 3')
    expect(out).toMatch(/approve +go-wide +ada +Applied +so/)
    expect(out).toMatch(/approve +go-wide +eve +Refused +so/)
  })

  it('shows what differs between two releases, field by field', async () => {
    const { sluice, server } = await past()
    const container = (image: string) => ({ spec: { containers: [{ name: 'app', image }] } })
    const place = placeOf(RELEASES, 'shop')
    server.store.merge(place, 'checkout-2', { spec: { template: container('shop:1') } })
    server.store.merge(place, 'checkout-3', { spec: { template: container('shop:2') } })
    const { out } = await sluice('history', 'checkout', '--release', '3', '--against', '2')
    expect(out).toMatch(/^ +RELEASE 2 +RELEASE 3$/m)
    expect(out).toMatch(/^outcome +RolledBack +Promoted$/m)
    expect(out).toContain('template.spec.containers[app].image\n  - "shop:1"\n  + "shop:2"\n')
    expect((await sluice('history', 'checkout', '--release', '2', '--against', '1')).out).not.toContain('shop:2')
    expect((await sluice('history', 'checkout', '--against', '2')).complaints).toContain('--against needs --release')
  })

  it('says which releases there are where there is no such one', async () => {
    const { sluice } = await past()
    expect(await sluice('history', 'checkout', '--release', '7')).toMatchObject({
      code: 1,
      complaints: 'error: there is no release 7 of checkout; there are 3, 2, 1\n',
    })
  })
})
