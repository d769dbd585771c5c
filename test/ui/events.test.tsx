import { array, assert, nat, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventReader } from '../../ui/live/events.ts'

const STREAM = [
  ': ping\n\n',
  'retry: 1000\n\n',
  'event: rollout\nid: 4.2\ndata: {"key":"shop/checkout"}\n\n',
  'data: one\ndata: two\n\n',
  'event: gone\r\ndata: {}\r\n\r\n',
].join('')

const MESSAGES = [
  { event: 'rollout', id: '4.2', data: '{"key":"shop/checkout"}' },
  { event: 'message', data: 'one\ntwo' },
  { event: 'gone', data: '{}' },
]

describe('a stream of events', () => {
  it('is read whole', () => {
    expect(eventReader()(STREAM)).toEqual(MESSAGES)
  })

  it('says the same however it is cut on its way', () => {
    assert(
      property(array(nat(STREAM.length), { maxLength: 12 }), (cuts) => {
        const read = eventReader()
        const edges = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length]
        const pieces = edges.slice(1).map((edge, i) => STREAM.slice(edges[i], edge))
        expect(pieces.flatMap(read)).toEqual(MESSAGES)
      }),
    )
  })

  it('tells nothing before it is complete', () => {
    const read = eventReader()
    expect(read('data: {"a":')).toEqual([])
    expect(read('1}\n')).toEqual([])
    expect(read('\n')).toEqual([{ event: 'message', data: '{"a":1}' }])
  })
})
