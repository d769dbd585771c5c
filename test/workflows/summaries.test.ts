import { expect, it } from 'vitest'
import { summaryOf } from '../../workflows/summaries.ts'

const ref = { namespace: 'shop', name: 'checkout' }

it.each([
  ['setTraffic', { weights: { aaa: 75, bbb: 25 } }, '75 % to aaa, 25 % to bbb'],
  ['setTraffic', { weights: { bbb: 100 }, stable: 'bbb' }, '100 % to bbb; bbb is stable'],
  ['ensureRevision', { ref, revision: 'bbb', release: 7, replicas: 1 }, 'bbb: at least 1 pod'],
  ['watch', { ref, release: 7, canary: 'bbb', marks: [] }, 'Release 7: bbb at 0 %'],
  [
    'watch',
    { ref, release: 7, canary: 'bbb', marks: [{ weight: 5 }], running: { kind: 'analyze' } },
    'Release 7: bbb at 5 %, analyze',
  ],
  ['report', { phase: 'Analysing', weight: 25, step: '2/3', message: 'secret' }, 'Analysing, 25 %, step 2/3'],
  ['webhook', { ref, release: 7, stepIndex: 1, attempt: 2 }, 'Release 7, step 2: webhook, attempt 2'],
])('an activity %s says what it is about: %j', (name, input, summary) => {
  expect(summaryOf(name, input)).toBe(summary)
})

it('is as long as Temporal takes, however long the names are', () => {
  const summary = summaryOf('recordDecision', { name: 'ü'.repeat(253), outcome: 'Refused' })
  expect(Buffer.byteLength(JSON.stringify(summary))).toBeLessThan(400)
})
