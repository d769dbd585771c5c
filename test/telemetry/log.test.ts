import { describe, expect, it } from 'vitest'
import { createLog, rolloutLog } from '../../telemetry/index.ts'

function listen(level: 'info' | 'debug' = 'info') {
  const texts: string[] = []
  const log = createLog({ level, component: 'controller', destination: { write: (text) => void texts.push(text) } })
  return { log, texts, last: () => JSON.parse(texts.at(-1) ?? '{}') as Record<string, unknown> }
}

describe('the log', () => {
  it('writes JSON lines that say which process and which Rollout they are about', () => {
    const { log, last } = listen()
    rolloutLog(log, { namespace: 'shop', rollout: 'checkout', revision: 'abc' }).info({ weight: 5 }, 'weight set')
    expect(last()).toMatchObject({
      level: 'info',
      component: 'controller',
      namespace: 'shop',
      rollout: 'checkout',
      revision: 'abc',
      weight: 5,
      msg: 'weight set',
    })
  })

  it('leaves loops out unless asked', () => {
    const quiet = listen()
    quiet.log.debug({}, 'tick')
    expect(quiet.texts).toEqual([])
  })

  it('never shows credentials, neither in fields nor in errors', () => {
    const { log, texts } = listen()
    const cause = new Error('sent to https://bob:hunter2@host')
    const error = new Error('refused: Authorization: Bearer abcdef.123456', { cause })
    log.warn({ token: 'tok-1', request: { headers: { authorization: 'Bearer tok-2' } }, error }, 'refused')
    expect(texts[0]).not.toMatch(/tok-1|tok-2|hunter2|abcdef/)
    expect(JSON.parse(texts[0] ?? '')).toMatchObject({ error: { message: 'refused: Authorization: Bearer ***' } })
  })
})
