import { describe, expect, it } from 'vitest'
import { CANARY, stage } from './stage.ts'

describe('sluice get --watch', () => {
  it('goes on with a line per change, and ends when it is interrupted', async () => {
    const { rollout, begin } = await stage()
    rollout('Promoted', 'serves')
    rollout('Promoted', 'serves', {}, 'cart')
    const watching = begin(['get', '--watch'])
    await watching.seen('checkout')
    rollout('Analysing', 'looks', { canary: CANARY, release: 2, step: '2/5', weight: 5 })
    await watching.seen('2/5')
    watching.interrupt()
    expect(await watching.ended).toBe(130)
    const [titles, ...lines] = watching
      .out()
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/).slice(0, 2))
    expect(titles).toEqual(['NAME', 'STATUS'])
    expect(lines).toEqual([
      ['cart', 'Promoted'],
      ['checkout', 'Promoted'],
      ['checkout', 'Analysing'],
    ])
  })

  it('draws the table in place on a screen', async () => {
    const { rollout, begin } = await stage()
    rollout('Promoted', 'serves')
    const watching = begin(['watch'], { columns: 60, rows: 10 })
    await watching.seen('Promoted')
    rollout('Holding', 'holds', { canary: CANARY, release: 2, step: '2/5', weight: 5 })
    await watching.seen('Holding')
    watching.interrupt()
    await watching.ended
    expect(watching.out()).toContain('\u001B[2A\u001B[0J')
  })

  it('gives objects, one after the other', async () => {
    const { rollout, begin } = await stage()
    rollout('Promoted', 'serves')
    const watching = begin(['get', 'checkout', '--watch', '-o', 'json'])
    await watching.seen('"kind": "Rollout"')
    watching.interrupt()
    await watching.ended
    expect(JSON.parse(watching.out())).toMatchObject({ metadata: { name: 'checkout' } })
  })
})

describe('sluice watch NAME', () => {
  it('follows a release until it ends, and says how in its exit code', async () => {
    const { rollout, release, begin } = await stage()
    rollout('Analysing', 'looks', { canary: CANARY, release: 2, step: '2/5', weight: 5 })
    release(2, { stepIndex: 1 })
    const watching = begin(['watch', 'checkout'])
    await watching.seen('Analysing')
    const lastRelease = { number: 2, revision: CANARY, outcome: 'Aborted' } as const
    release(2, { outcome: 'Aborted', message: 'Aborted by ada' })
    rollout('Aborted', 'Aborted by ada', { lastRelease, release: null, canary: null, step: null } as never)
    expect(await watching.ended).toBe(1)
  })
})

describe('sluice status --revision', () => {
  it('waits for a revision that has not begun, whatever ends before', async () => {
    const { rollout, release, begin, sluice } = await stage()
    const lastRelease = { number: 2, revision: 'cccccccccc', outcome: 'Promoted' } as const
    rollout('Promoted', 'the one before', { lastRelease })
    const asked = await sluice('status', 'checkout', '--revision', CANARY)
    expect(asked).toMatchObject({ code: 1, complaints: expect.stringContaining('--watch waits for it') as string })
    const watching = begin(['status', 'checkout', '--watch', '--revision', CANARY.slice(0, 6)])
    await watching.seen('the one before')
    release(3, { outcome: 'Promoted', message: 'Promoted: all of it' })
    expect(await watching.ended).toBe(0)
  })

  it('takes a commit for the release that it made, and a revision that serves for promoted', async () => {
    const { rollout, release, sluice } = await stage()
    rollout('Promoted', 'serves')
    release(2, { outcome: 'RolledBack', message: 'it was bad' })
    expect((await sluice('status', 'checkout', '--watch', '--revision', '3f2a9c1')).code).toBe(1)
    expect((await sluice('status', 'checkout', '--watch', '--revision', 'aaaaaaaaaa')).code).toBe(0)
  })
})
