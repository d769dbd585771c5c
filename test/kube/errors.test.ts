import { describe, expect, it } from 'vitest'
import {
  apiException,
  causesOf,
  describeError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isTransient,
  retryAfterMs,
} from '../../kube/index.ts'

const status = (code: number, reason: string, message: string) =>
  apiException('PATCH /x', code, JSON.stringify({ kind: 'Status', code, reason, message }))

describe('errors', () => {
  it('are described in the server’s own words, on one line', () => {
    const message = 'rollouts.sluice.dev "a" is invalid:\n  spec.replicas: must be at least 1'
    expect(describeError(status(422, 'Invalid', message))).toBe(
      'rollouts.sluice.dev "a" is invalid: spec.replicas: must be at least 1',
    )
    expect(describeError(apiException('GET /x', 502, '<html>Bad Gateway</html>'))).toBe(
      'GET /x: <html>Bad Gateway</html>',
    )
  })

  it('are described without credentials', () => {
    const text = 'call to https://bob:hunter2@host failed, sent Authorization: Bearer abcdefghijkl.mnop'
    expect(describeError(new Error(text))).toBe('call to https://***@host failed, sent Authorization: Bearer ***')
  })

  it('are described by their cause when they say nothing themselves', () => {
    expect(describeError(new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:1')]))).toBe(
      'connect ECONNREFUSED 127.0.0.1:1',
    )
    expect(describeError(new TypeError('fetch failed', { cause: new Error('no route') }))).toBe(
      'fetch failed: no route',
    )
  })

  it('do not say their cause twice', () => {
    const cause = new Error('socket hang up')
    expect(describeError(new Error('GET /x: socket hang up', { cause }))).toBe('GET /x: socket hang up')
  })

  it('are told apart', () => {
    expect(isConflict(status(409, 'Conflict', ''))).toBe(true)
    expect(isAlreadyExists(status(409, 'Conflict', ''))).toBe(false)
    expect(isAlreadyExists(status(409, 'AlreadyExists', ''))).toBe(true)
    expect(isForbidden(status(403, 'Forbidden', ''))).toBe(true)
    expect(isInvalid(status(422, 'Invalid', ''))).toBe(true)
    expect(isInvalid(status(400, 'BadRequest', ''))).toBe(true)
    expect(isInvalid(new Error('422'))).toBe(false)
  })

  it('that may pass are known, and how long the server wants us to wait', () => {
    expect(isTransient(status(503, 'ServiceUnavailable', ''))).toBe(true)
    expect(isTransient(status(403, 'Forbidden', ''))).toBe(false)
    expect(isTransient(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))).toBe(true)
    expect(isTransient(new Error('bug'))).toBe(false)
    expect(retryAfterMs(apiException('GET /x', 429, '', { 'retry-after': '2' }))).toBe(2_000)
    expect(retryAfterMs(status(429, 'TooManyRequests', ''))).toBeUndefined()
  })
})

describe('what is wrong with an object', () => {
  const causes = (body: object) => causesOf(apiException('PATCH /x', 422, JSON.stringify(body)))

  it('is told field by field', () => {
    const details = {
      causes: [
        { field: 'spec.replicas', message: 'Invalid value: -3' },
        { field: '<nil>', message: 'some rules were not checked' },
      ],
    }
    expect(causes({ message: 'is invalid', details })).toEqual([
      { field: 'spec.replicas', message: 'Invalid value: -3' },
    ])
  })

  it('is found in the text where a kind has no such field', () => {
    const message =
      'failed to create typed patch object (shop/a; apps/v1, Kind=Deployment): errors:\n  .spec.containers[name="x"].imagee: field not declared in schema\n  .spec.replicaz: field not declared in schema'
    expect(causes({ message })).toEqual([
      { field: '.spec.containers[name="x"].imagee', message: 'field not declared in schema' },
      { field: '.spec.replicaz', message: 'field not declared in schema' },
    ])
  })

  it('is nothing where the refusal is about something else', () => {
    expect(causes({ message: 'shop: namespace is being deleted' })).toEqual([])
    expect(causesOf(new Error('no route'))).toEqual([])
  })
})
