import colors from 'picocolors'
import { expect, inject, test } from 'vitest'
import { run } from '../../cli/program.ts'
import { analysisOf, ROLLOUT } from '../stage/shop.ts'
import { openStage } from '../stage/stage.ts'

const access = inject('access')

test.concurrent(
  'a release that was rolled back is explained from the cluster, and comes out the same again',
  async () => {
    await using stage = await openStage({ access, name: 'explained' })
    await stage.install({
      version: '1.4.0',
      steps: [{ setWeight: 25 }, { analyze: { for: '1m' } }],
      analysis: analysisOf(access.prometheus),
    })
    stage.load({ rps: 100 })
    await stage.push({ version: '1.6.0' })
    await stage.until('it was rolled back', ({ releases }) =>
      releases.some(({ spec, status }) => spec.from !== undefined && status?.outcome === 'RolledBack'),
    )
    const said = { out: '', complaints: '' }
    const sluice = (...args: string[]) =>
      run(['--kubeconfig', access.kubeconfig, '-n', stage.namespace, ...args], {
        print: (text) => (said.out += text),
        complain: (text) => (said.complaints += text),
        colors: colors.createColors(false),
        now: () => Date.now(),
      })
    expect({ code: await sluice('explain', ROLLOUT), ...said }).toMatchObject({ code: 0, complaints: '' })
    expect(said.out).toMatch(/✖ RolledBack · release \d+/)
    expect(said.out).toMatch(/✔ Computed again from \d+ stored rows?: identical\./)
    expect(said.out).toMatch(/^errors +[\d,]+ : [\d,]+ +[1-9]/m)
  },
)
