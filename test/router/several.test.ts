import { describe, expect, it } from 'vitest'
import { CANARY, fence, inGit, ofUser, STABLE, stage } from './stage.ts'

const both = () => stage({ virtualServices: [inGit('east'), inGit('west')] })
const refusal = { code: 403, reason: 'Forbidden', message: 'frozen by policy' }
const refuse = (server: Awaited<ReturnType<typeof stage>>['server'], name: string) =>
  server.interfere(({ method, path }) => (method === 'PATCH' && path.endsWith(`/${name}`) ? refusal : undefined))

describe('several VirtualServices', () => {
  it('move together', async () => {
    const { shift, list, router, target } = await both()
    await shift(25)
    expect(list('east')).toEqual(list('west'))
    expect(await router.observe(target)).toMatchObject({ found: true, weights: { [STABLE]: 75, [CANARY]: 25 } })
  })

  it('all stay where they were when one refuses more for the canary', async () => {
    const { install, shift, server, list, live } = await both()
    await install()
    await shift(5, fence(2, 1))
    const before = ofUser(live('east'))
    refuse(server, 'west')
    await expect(shift(25, fence(2, 2))).rejects.toThrow(/frozen by policy/)
    expect(ofUser(live('east'))).toBe(before)
    expect(list('east')).toEqual(list('west'))
  })

  it('commit together or not at all', async () => {
    const { install, shift, server, router, target, record } = await both()
    await install()
    await shift(50, fence(2, 1))
    refuse(server, 'west')
    const commit = router.setTraffic(target, { weights: { [CANARY]: 100 } }, { fence: fence(2, 2), stable: CANARY })
    await expect(commit).rejects.toThrow(/frozen by policy/)
    expect(record('east')).toMatchObject({ stable: STABLE, canary: CANARY })
    expect((await router.observe(target)).record).toMatchObject({ stable: STABLE })
  })

  it('are not begun when one of them is missing', async () => {
    const { shift, remove, writes } = await both()
    remove('west')
    const before = writes()
    await expect(shift(25)).rejects.toMatchObject({ name: 'RouteMissing' })
    expect(writes()).toBe(before)
  })

  it('give the traffic back wherever they can, whichever of them refuses', async () => {
    for (const [refusing, other] of [
      ['east', 'west'],
      ['west', 'east'],
    ] as const) {
      const { shift, server, live, router, target } = await both()
      await shift(25, fence(2, 1))
      refuse(server, refusing)
      await expect(shift(0, fence(2, 2))).rejects.toThrow(/frozen by policy/)
      expect(JSON.stringify(live(other)!.spec)).not.toContain(CANARY)
      expect(JSON.stringify(live(refusing)!.spec)).toContain(CANARY)
      expect((await router.observe(target)).weights[CANARY]).toBe(25)
      server.interfere(() => undefined)
      await shift(0, fence(2, 3))
      await router.restore(target, fence(2, 4))
      expect(ofUser(live(refusing))).toBe(ofUser(inGit(refusing)))
    }
  })

  it('leave alone what somebody else has written on the way back', async () => {
    const { shift, server, live, edit } = await both()
    await shift(5, fence(2, 1))
    server.interfere(({ method, path }) => {
      if (method !== 'PATCH' || !path.endsWith('/west')) return undefined
      edit({ spec: inGit('east').spec }, 'east')
      return refusal
    })
    await expect(shift(25, fence(2, 2))).rejects.toThrow(/frozen by policy/)
    expect(live('east')!.spec).toEqual(inGit('east').spec)
  })

  it('go back beside the writes of another Rollout', async () => {
    const { shift, server, live, edit, list } = await both()
    await shift(5, fence(2, 1))
    const before = list('east')
    server.interfere(({ method, path }) => {
      if (method !== 'PATCH' || !path.endsWith('/west')) return undefined
      const http = live('east')!.spec.http.map((route) => (route.name === 'beta' ? { ...route, timeout: '1s' } : route))
      edit({ spec: { http } }, 'east')
      return refusal
    })
    await expect(shift(25, fence(2, 2))).rejects.toThrow(/frozen by policy/)
    expect(list('east')).toEqual(before)
    expect(live('east')!.spec.http[0]).toMatchObject({ name: 'beta', timeout: '1s' })
  })

  it('say so when one cannot be put back', async () => {
    const { shift, server } = await both()
    await shift(5, fence(2, 1))
    let frozen = false
    server.interfere(({ method, path }) => {
      if (method !== 'PATCH') return undefined
      frozen ||= path.endsWith('/west')
      return frozen ? refusal : undefined
    })
    await expect(shift(25, fence(2, 2))).rejects.toMatchObject({
      name: 'PutBackFailed',
      message: expect.stringMatching(/east could not be put back: frozen by policy/) as string,
    })
  })
})
