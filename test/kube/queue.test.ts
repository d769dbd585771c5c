import { onTestFinished, describe, expect, it } from 'vitest'
import { createQueue, type Queue } from '../../kube/index.ts'
import { eventually } from '../patience.ts'
import { listen } from './stage.ts'

function start(reconcile: (key: string) => Promise<{ requeueAfterMs?: number }>, options = {}) {
  const { log, lines } = listen()
  const results: string[] = []
  const observe = { depth: () => undefined, waited: () => undefined, result: (result: string) => results.push(result) }
  const queue: Queue = createQueue({ reconcile, log, backoffCapMs: 20, observe, ...options })
  onTestFinished(() => queue.stop())
  return { queue, lines, results }
}

describe('a queue', () => {
  it('works once on a key that was named many times', async () => {
    const seen: string[] = []
    const gate = Promise.withResolvers<void>()
    const { queue } = start(
      async (key) => {
        seen.push(key)
        await gate.promise
        return {}
      },
      { concurrency: 1 },
    )
    for (const key of ['a', 'b', 'b', 'b']) queue.add(key)
    gate.resolve()
    await eventually(() => expect(seen).toEqual(['a', 'b']))
  })

  it('never works on one key twice at a time, and looks again when it was named meanwhile', async () => {
    let working = 0
    let most = 0
    let rounds = 0
    const { queue } = start(async () => {
      most = Math.max(most, ++working)
      if (rounds++ === 0) queue.add('a')
      await Promise.resolve()
      working -= 1
      return {}
    })
    queue.add('a')
    await eventually(() => expect(rounds).toBe(2))
    expect(most).toBe(1)
  })

  it('comes back to a key that failed, and says why, once', async () => {
    let tries = 0
    const { queue, lines, results } = start(async () => {
      if (++tries < 3) throw new Error('not now')
      return {}
    })
    queue.add('a')
    await eventually(() => expect(results).toEqual(['error', 'error', 'success']))
    expect(lines[0]).toMatchObject({ key: 'a', error: 'not now' })
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'debug'])
  })

  it('comes back when it was asked to', async () => {
    let rounds = 0
    const { queue, results } = start(async () => (++rounds === 1 ? { requeueAfterMs: 1 } : {}))
    queue.add('a')
    await eventually(() => expect(results).toEqual(['requeue', 'success']))
  })

  it('does not let a key that fails keep others from work', async () => {
    const done: string[] = []
    const { queue } = start(async (key) => {
      if (key === 'bad') throw new Error('always')
      done.push(key)
      return {}
    })
    for (const key of ['bad', 'good']) queue.add(key)
    await eventually(() => expect(done).toEqual(['good']))
  })

  it('stops after the work at hand', async () => {
    const gate = Promise.withResolvers<void>()
    const done: string[] = []
    const { queue } = start(
      async (key) => {
        await gate.promise
        done.push(key)
        return { requeueAfterMs: 0 }
      },
      { concurrency: 1 },
    )
    queue.add('a')
    queue.add('b')
    const stopped = queue.stop()
    gate.resolve()
    await stopped
    expect(done).toEqual(['a'])
  })
})
