import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, it } from 'vitest'
import { refusable } from '../../activities/refusal.ts'
import { apiException } from '../../kube/index.ts'

const answering = (code: number, message: string) =>
  apiException('POST deployments', code, JSON.stringify({ kind: 'Status', code, message }))

/** The failure of a write in one of its attempts. */
function failureOf(error: Error, attempt = 1): Promise<unknown> {
  const refuse = async (): Promise<never> => {
    throw error
  }
  return new MockActivityEnvironment({ attempt }).run(() => refusable(refuse)).catch((failure: unknown) => failure)
}

it('what the server refuses is final at once, in its own words', async () => {
  const words = 'Deployment.apps "checkout-bbb" is invalid: restartPolicy: Unsupported value: "Never"'
  for (const code of [422, 400]) {
    const expected = { nonRetryable: true, type: 'Refused', message: words }
    expect(await failureOf(answering(code, words))).toMatchObject(expected)
  }
})

it('a right that is missing may be granted in the next moment; after some attempts that is final too', async () => {
  const words = 'deployments.apps is forbidden: User "sluice" cannot create resource'
  const forbidden = answering(403, words)
  expect(await failureOf(forbidden)).toBe(forbidden)
  expect(await failureOf(forbidden, 6)).toMatchObject({ nonRetryable: true, type: 'Refused', message: words })
})

it('a name that somebody else has is final, and its kind is kept', async () => {
  const foreign = Object.assign(new Error('Service catalog exists'), { name: 'ForeignObject' })
  const expected = { nonRetryable: true, type: 'ForeignObject', message: foreign.message }
  expect(await failureOf(foreign)).toMatchObject(expected)
})

it('whatever may pass is tried again', async () => {
  for (const error of [
    answering(409, 'modified'),
    answering(500, 'etcd'),
    answering(429, 'busy'),
    new Error('timeout'),
  ]) {
    expect(await failureOf(error, 20)).toBe(error)
  }
})
