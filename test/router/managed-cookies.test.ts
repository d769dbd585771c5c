import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { MatchRoute, StringMatch } from '../../crds/traffic.ts'
import { CANARY, fence, STABLE, stage } from './stage.ts'

type Match = { headers: { cookie: { regex: string } } }

/** The expression that the route matches the `cookie` header by, as a judge of such headers. */
async function judge() {
  const on = await stage()
  let seq = 0
  return async (cookies: NonNullable<MatchRoute['cookies']>): Promise<(header: string) => boolean> => {
    seq += 1
    const traffic = { weights: { [STABLE]: 100 }, canary: CANARY, match: [{ cookies }] }
    await on.router.setTraffic(on.target, traffic, { fence: fence(2, seq) })
    const [match] = on.live()!.spec.http.find(({ name }) => name?.endsWith('.match'))!['match'] as Match[]
    const whole = new RegExp(`^(?:${match!.headers.cookie.regex})$`)
    return (header) => whole.test(header)
  }
}

const names = fc.constantFrom('a', 'aa', 'a.a', 'b', '$x')
const values = fc.stringMatching(/^[ab.=]{0,3}$/)
const jars = fc.array(fc.tuple(names, values), { maxLength: 5 })
const separators = fc.constantFrom('; ', ';', ' ; ')
const exactly = (value: string): StringMatch => ({ exact: value })

it('finds exactly the cookies that are asked for, all of them, in whatever order they stand', async () => {
  const matcher = await judge()
  const wanted = fc.uniqueArray(fc.tuple(names, values), { minLength: 1, maxLength: 3, selector: ([name]) => name })
  await fc.assert(
    fc.asyncProperty(wanted, jars, separators, fc.boolean(), async (asked, others, separator, isThere) => {
      const jar = isThere ? [...others.slice(0, 2), ...asked.toReversed(), ...others.slice(2)] : others
      const matches = await matcher(Object.fromEntries(asked.map(([name, value]) => [name, exactly(value)])))
      const expected = asked.every(([name, value]) => jar.some(([own, has]) => own === name && has === value))
      expect(matches(jar.map(([name, value]) => `${name}=${value}`).join(separator))).toBe(expected)
    }),
    { numRuns: 150 },
  )
})

it.each<[string, string, string, boolean]>([
  ['.*beta', 'a=my-beta', 'a=1; b=beta', false],
  ['[^x]+', 'a=yyy', 'a=xx; b=1', false],
  ['\\S+', 'a=yyy', 'a=;b', false],
  ['^beta$', 'a=beta', 'a=beta2', false],
  ['beta|gamma', 'b=1; a=gamma', 'a=betagamma', false],
  ['(?:be|ga)[a-z0-9]{2,3}', 'a=beta', 'a=be;ta', false],
  ['\\d+\\.\\d', 'a=12.3', 'a=12x3', false],
])('the expression %s reads one value and nothing behind it', async (regex, right, wrong) => {
  const matcher = await judge()
  const matches = await matcher({ a: { regex } })
  expect([matches(right), matches(wrong)]).toEqual([true, false])
})

it('a prefix ends with its cookie', async () => {
  const matcher = await judge()
  const matches = await matcher({ a: { prefix: 'be' }, b: { exact: '1' } })
  expect([matches('a=beta; b=1'), matches('b=1;a=be'), matches('a=x; c=be; b=1')]).toEqual([true, true, false])
})

it.each(['a;b', '[ -~]', '\\pL', '[[:alpha:]]', 'a$b', '(a))(b', '((a)', '\\x3b', '[]a]', '\\Qa\\E'])(
  'the expression %s is refused, because it could read past the end or cannot be understood',
  async (regex) => {
    const matcher = await judge()
    await expect(matcher({ a: { regex } })).rejects.toMatchObject({ name: 'Unroutable' })
  },
)
