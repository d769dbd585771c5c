import { describe, expect, it } from 'vitest'
import { filled } from '../../analysis/reader/promql.ts'
import { request } from './shop.ts'

const asked = request({ canary: 'a.b-c', baseline: 'a.b-b', revisions: { canary: 'c"', baseline: 'b' } })

describe('names in PromQL of a user’s own', () => {
  it.each([
    ['up{app="$service"}', 'up{app="a.b-c"}'],
    ['up{app=~"$service|x"}', 'up{app=~"a\\\\.b-c|x"}'],
    ['up{app!~ "$service.*"}', 'up{app!~ "a\\\\.b-c.*"}'],
    ['up{app=~`$service`}', 'up{app=~`a\\.b-c`}'],
    [`up{rev='$revision'}`, `up{rev='c\\"'}`],
    ['up{ns="$namespace",r="$rollout"} / 2', 'up{ns="shop",r="checkout"} / 2'],
    ['up{app="$services $$service"}', 'up{app="$services $a.b-c"}'],
    ['  sum(up{app="it\'s $service"}) >= 1 \n', 'sum(up{app="it\'s a.b-c"}) >= 1'],
  ])('%s becomes %s', (text, expected) => {
    expect(filled(text, asked, 'canary')).toBe(expected)
  })

  it('are those of the arm that is asked about', () => {
    expect(filled('up{app="$service",rev="$revision"}', asked, 'baseline')).toBe('up{app="a.b-b",rev="b"}')
  })
})
