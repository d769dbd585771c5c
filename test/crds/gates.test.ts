import { describe, expect, it } from 'vitest'
import { compile } from '../../crds/plan.ts'
import { rolloutSpec } from '../../crds/schema/rollout.ts'

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
