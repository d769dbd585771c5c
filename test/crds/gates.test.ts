import { describe, expect, it } from 'vitest'
import { compile } from '../../crds/plan.ts'
import { countingPart } from '../../crds/decision.ts'
import { rolloutSpec } from '../../crds/schema/rollout.ts'
import { whyNoVote } from '../../crds/vote.ts'

const stepsOf = (approve: object) =>
  compile(
    rolloutSpec.parse({
      template: { spec: { containers: [{ name: 'checkout', image: 'shop.local/checkout:1.4.0' }] } },
      service: { name: 'checkout', ports: [{ name: 'http', port: 80 }] },
      router: { istio: { virtualServices: [{ name: 'shop', routes: ['checkout'] }] } },
      strategy: { canary: { steps: [{ setWeight: 5 }, { approve }] } },
    }),
  ).plan.steps.slice(1)

describe('a gate with change windows', () => {
  it('that says nothing about people is answered by the windows alone', () => {
    const allow = [{ days: ['Mon'], hours: '09:00-17:00', timezone: 'Europe/Berlin' }, {}]
    const whole = { hours: '00:00-24:00', timezone: 'UTC' }
    expect(stepsOf({ name: 'hours', allow, expiresAfter: '1h' })).toEqual([
      { kind: 'window', name: 'hours', allow: [allow[0], whole] },
    ])
  })

  it('that says who approves waits for both, people first', () => {
    const steps = stepsOf({ name: 'hours', allow: [{}], by: { minimum: 2 } })
    expect(steps.map(({ kind }) => kind)).toEqual(['approve', 'window'])
  })

  it('names the field of a time zone that nobody knows', () => {
    expect(() => stepsOf({ name: 'hours', allow: [{}, { timezone: 'Europe/Atlantis' }] })).toThrow(
      'spec.strategy.canary.steps[1].approve.allow[1].timezone: nobody knows the time zone Europe/Atlantis',
    )
  })
})

describe('a gate with a callback', () => {
  const callback = { url: 'https://change.example/gates', bearerToken: { secret: 'webhook', key: 'token' } }
  const API = 'sluice-system/sluice-api'

  it('counts whoever answers by its address, beside people', () => {
    const [gate] = stepsOf({ name: 'go', callback, expiresAfter: '1h' })
    const terms = { minimum: 1, serviceAccounts: [API] }
    expect(gate).toEqual({ kind: 'approve', name: 'go', expiresAfterMs: 3_600_000, terms, callback })
  })

  it('keeps what it says about people and other ServiceAccounts', () => {
    const [gate] = stepsOf({
      name: 'go',
      callback,
      by: { minimum: 2, groups: ['sre'], serviceAccounts: ['ci/bot', API] },
    })
    expect(gate).toMatchObject({ terms: { minimum: 2, groups: ['sre'], serviceAccounts: ['ci/bot', API] } })
  })

  it('and with change windows waits for both, the answer first', () => {
    expect(stepsOf({ name: 'go', callback, allow: [{}] }).map(({ kind }) => kind)).toEqual(['approve', 'window'])
  })

  it.each([
    ['that has one', { callback }, 'it counts'],
    ['that names the API itself', { by: { serviceAccounts: [API] } }, 'it counts'],
    ['that has none', {}, 'gate go does not count ServiceAccount sluice-system/sluice-api'],
    ['that names others', { by: { serviceAccounts: ['ci/bot'] } }, 'approve.by.serviceAccounts does not name it'],
  ])('is the only kind that an answer by address opens: a gate %s', (_, more, why) => {
    const [gate] = stepsOf({ name: 'go', ...more })
    const terms = gate?.kind === 'approve' ? gate.terms : undefined
    const by = 'system:serviceaccount:sluice-system:sluice-api'
    const word = { name: 'd', uid: 'u', rollout: 'checkout', release: 2, revision: 'b', action: 'approve', by } as const
    const said = whyNoVote({ name: 'go', ...(terms ? { terms } : {}) }, [], word)
    expect(said ?? 'it counts').toContain(why)
  })
})

describe('a gate that is not for the author of the commit', () => {
  const terms = { minimum: 1, notBy: 'author' } as const
  const ADA = 'Ada <ada@example.com>'

  it.each<[string, string | undefined, string | undefined, string]>([
    ['opens for somebody else', ADA, 'grace@example.com', 'it counts'],
    ['stays shut for the author', ADA, 'ADA@example.com', 'and that is grace'],
    ['stays shut where the identity says nothing', ADA, undefined, 'has no spec.claim'],
    ['stays shut where the commit says nothing', undefined, 'grace@example.com', 'does not say who that is'],
    ['stays shut where the commit has a name and the identity an address', 'Ada', 'ada@example.com', 'nobody can tell'],
    ['stays shut where the identity has a name and the commit an address', ADA, 'ada', 'nobody can tell'],
    ['opens where both have names', 'ada', 'grace', 'it counts'],
  ])('%s', (_, author, claim, why) => {
    const gate = { name: 'go', terms, ...(author === undefined ? {} : { author }) }
    const about = { name: 'd', uid: 'u', rollout: 'checkout', release: 2, revision: 'b', action: 'approve' } as const
    const said = whyNoVote(gate, [], { ...about, by: 'grace', ...(claim === undefined ? {} : { claim }) })
    expect(said ?? 'it counts').toContain(why)
  })

  it.each<[string, string[] | undefined, string | undefined]>([
    ['one', ['grace@example.com'], 'grace@example.com'],
    ['several, of which any could be in commits', ['grace@example.com', 'ada@example.com'], undefined],
    ['the same twice', ['grace@example.com', 'grace@example.com'], undefined],
    ['none', [], undefined],
    ['none at all', undefined, undefined],
  ])('is told who one is by an identity that has %s', (_, values, claim) => {
    const extra = values === undefined ? {} : { 'sluice.dev/email': values }
    expect(countingPart({ name: 'grace', groups: [], extra }, terms).claim).toBe(claim)
  })
})
