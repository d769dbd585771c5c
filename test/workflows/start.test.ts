import { describe, expect, it } from 'vitest'
import type { Carried } from '../../workflows/contract.ts'
import { taskFor } from '../../workflows/start.ts'
import { picture, rest } from './picture.ts'

const newer = { revision: 'bbb', isStable: false, rejected: false, restart: false }
const open = { number: 2, revision: 'bbb', from: 'aaa', epoch: 4, stepIndex: 1 }
const carried = {
  number: 2,
  revision: 'bbb',
  epoch: 4,
  seq: 9,
  stepIndex: 1,
  stepSince: 0,
  weight: 25,
  marks: [],
  retreats: 0,
}
const moved = {
  found: true,
  atRest: false,
  weights: { aaa: 75, bbb: 25 },
  record: { ...rest.record, canary: 'bbb', release: 2 },
}

describe('what a run does first', () => {
  it('does nothing when what is declared is what serves', () => {
    expect(taskFor(picture())).toEqual({ kind: 'nothing' })
  })

  it('releases a declared revision that differs from stable, numbered after everything that was', () => {
    expect(taskFor(picture({ declared: newer }))).toMatchObject({ kind: 'release', number: 2, stable: 'aaa' })
    expect(taskFor(picture({ declared: newer }), { v: 1, warm: [], lastNumber: 6 })).toMatchObject({
      number: 7,
    })
  })

  it('brings back what served before without gates', () => {
    expect(taskFor(picture({ declared: { ...newer, returns: 'warm' } }))).toMatchObject({
      kind: 'release',
      returns: true,
    })
    expect(taskFor(picture({ declared: newer }))).not.toHaveProperty('returns')
  })

  it('does not start a rejected revision again', () => {
    const last = { number: 2, revision: 'bbb', outcome: 'RolledBack' } as const
    expect(taskFor(picture({ declared: { ...newer, rejected: true }, last }))).toEqual({ kind: 'nothing' })
  })

  it('settles once a rejected revision is no longer declared', () => {
    const last = { number: 2, revision: 'bbb', outcome: 'RolledBack' } as const
    expect(taskFor(picture({ last }))).toMatchObject({ kind: 'settle' })
  })

  it('installs when nothing serves yet, and when what should serve has no ready pod', () => {
    const { stable: _, ...fresh } = picture({ declared: newer, stableReady: 0 })
    expect(taskFor(fresh)).toEqual({ kind: 'install', number: 2 })
    expect(taskFor(picture({ declared: newer, stableReady: 0 }))).toEqual({
      kind: 'install',
      number: 2,
      replaces: 'aaa',
    })
  })

  it('resumes an open release where it was', () => {
    expect(taskFor(picture({ declared: newer, open, route: moved }))).toMatchObject({
      kind: 'release',
      number: 2,
      resume: open,
    })
  })

  it('goes on with an open release when a newer revision waits its turn, unless stable serves nobody', () => {
    const declared = { ...newer, revision: 'ccc' }
    const queued = picture({ declared, open, route: moved, onNewRevision: 'queue' })
    expect(taskFor(queued)).toMatchObject({ kind: 'release', number: 2, resume: open })
    expect(taskFor({ ...queued, stableReady: 0 })).toMatchObject({ kind: 'goBack', ending: { outcome: 'Superseded' } })
  })

  it('finishes a promotion that was committed on the route, whatever is declared by now', () => {
    const declared = { revision: 'ccc', isStable: false, rejected: false, restart: false }
    expect(taskFor(picture({ declared, open, route: moved, stable: 'bbb' }))).toEqual({ kind: 'finish', open })
  })

  it.each([
    [
      'was aborted on the route itself',
      { route: { ...moved, record: { ...moved.record, aborted: 2 } }, declared: newer },
      'Aborted',
    ],
    ['was taken back in Git', { route: moved }, 'Withdrawn'],
    ['was overtaken by a newer one', { route: moved, declared: { ...newer, revision: 'ccc' } }, 'Superseded'],
  ] as const)('goes back when the open release %s', (_, change, outcome) => {
    expect(taskFor(picture({ open, ...change }))).toMatchObject({ kind: 'goBack', stable: 'aaa', ending: { outcome } })
  })

  it('goes on with the way back that an earlier run began, unless the promotion was committed', () => {
    const ending = { outcome: 'RolledBack', sentence: 'Rolled back: too many' } as const
    const release = { ...carried, ending }
    const back: Carried = { v: 1, warm: [], release }
    expect(taskFor(picture({ declared: newer, open, route: moved }), back)).toEqual({
      kind: 'goBack',
      open,
      stable: 'aaa',
      ending,
    })
    expect(taskFor(picture({ declared: newer, open, route: moved, stable: 'bbb' }), back)).toEqual({
      kind: 'finish',
      open,
    })
  })

  it('notes what configs contain that an engine before it did not look at', () => {
    const declared = { ...picture().declared, unnoted: true as const }
    expect(taskFor(picture({ declared }))).toMatchObject({ kind: 'settle' })
  })

  it('settles a route that was left behind, and a size that is not as declared', () => {
    expect(taskFor(picture({ route: { ...moved } }))).toMatchObject({ kind: 'settle' })
    expect(taskFor(picture({ replicas: 5 }))).toMatchObject({ kind: 'settle' })
  })

  it('restarts stable where that is declared, without a release', () => {
    const declared = { revision: 'aaa', isStable: true, rejected: false, restart: true }
    expect(taskFor(picture({ declared }))).toMatchObject({ kind: 'settle' })
  })

  it('only puts the route right when the Rollout is being deleted', () => {
    expect(taskFor(picture({ deleting: true, declared: newer }))).toEqual({ kind: 'nothing' })
    expect(taskFor(picture({ deleting: true, route: moved }))).toMatchObject({ kind: 'settle' })
  })
})
