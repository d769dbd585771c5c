import { describe, expect, it } from 'vitest'
import { EVENTS } from '../../crds/resources.ts'
import { placeOf } from '../fakes/api-server.ts'
import { eventually } from '../patience.ts'
import { NAMESPACE, stage } from './stage.ts'

type Warning = { type: string; reason: string; note: string }

const router = {
  istio: { virtualServices: [{ name: 'nowhere', routes: ['primary'] }] },
  settle: '500ms',
  onForeignEdit: 'abort',
}
const WORDS =
  'spec.router.istio.virtualServices[0].name: there is no VirtualService nowhere in namespace shop; create it or name another'

describe('what no release can tell', () => {
  async function standing() {
    const staged = await stage({ unavailableAfterMs: 0 })
    const warnings = () => staged.server.store.list(placeOf(EVENTS, NAMESPACE)) as unknown as Warning[]
    const stopped = () => warnings().filter(({ reason }) => reason === 'InvalidSpec')
    return { ...staged, warnings, stopped }
  }

  it('is told once when a Rollout stands still: by an Event, and to the Channels that hear what went wrong', async () => {
    const { start, declare, temporal, stopped, caughtUp } = await standing()
    const notify = [
      { channel: 'shop', severity: 'info' },
      { channel: 'ends', severity: 'info', on: ['Promoted'] },
    ]
    declare('checkout', 'one', { notify, router })
    start()
    await eventually(() => expect(temporal.messages).toHaveLength(1))
    const [message] = temporal.messages
    expect(message).toMatchObject({ what: 'InvalidSpec-1', channels: ['shop'] })
    expect(message?.notice).toMatchObject({ type: 'Warning', reason: 'InvalidSpec', message: WORDS })
    expect(stopped()).toMatchObject([{ type: 'Warning', reason: 'InvalidSpec', note: WORDS }])
    await caughtUp()
    declare('checkout', 'two', { notify, router })
    await eventually(() => expect(temporal.messages).toHaveLength(2))
    expect(temporal.messages[1]?.what).toBe('InvalidSpec-2')
  })

  it('is an Event alone where it is Temporal that does not answer', async () => {
    const { start, declare, temporal, warnings } = await standing()
    temporal.fail('UNAVAILABLE')
    declare('checkout', 'one', { notify: [{ channel: 'shop', severity: 'info', on: ['All'] }] })
    start()
    await eventually(() => expect(warnings().map(({ reason }) => reason)).toContain('EngineUnavailable'))
    expect(temporal.messages).toEqual([])
  })

  it('is nothing to tell where it is mended at once', async () => {
    const { start, declare, removeRoute, editRoute, stalled, looks, stopped, temporal, caughtUp } = await standing()
    declare('checkout', 'one', { notify: [{ channel: 'shop', severity: 'info' }] })
    removeRoute('checkout')
    editRoute('checkout', [{ name: 'primary' }])
    start()
    await eventually(() => expect(looks('checkout')).toBe(1))
    await caughtUp()
    expect(stalled('checkout')).toBeUndefined()
    expect(stopped()).toEqual([])
    expect(temporal.messages).toEqual([])
  })
})
