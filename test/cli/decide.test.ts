import { createServer, type AddressInfo } from 'node:net'
import colors from 'picocolors'
import { describe, expect, it } from 'vitest'
import { run } from '../../cli/program.ts'
import type { Interference } from '../fakes/api-server.ts'
import { CANARY, stage } from './stage.ts'

type Asking = { rule?: Interference; action?: string; denied?: boolean }

const running = { canary: CANARY, release: 2, step: '2/5', weight: 5 }

describe('sluice approve, abort and the other words', () => {
  it('are refused when no release is under way', async () => {
    const { rollout, sluice } = await stage()
    rollout('Promoted', 'serves')
    for (const action of ['approve', 'reject', 'abort', 'promote', 'step', 'pause', 'resume']) {
      const { code, complaints } = await sluice(action, 'checkout')
      expect(code).toBe(1)
      expect(complaints).toBe(`error: no release of shop/checkout is under way: there is nothing to ${action}\n`)
    }
  })

  it('are refused about a release that does not exist', async () => {
    const { rollout, release, sluice } = await stage()
    rollout('Analysing', 'looks', running)
    release(2, { stepIndex: 1 })
    const { code, complaints } = await sluice('abort', 'checkout', '--release', '9')
    expect({ code, complaints }).toEqual({ code: 1, complaints: 'error: there is no release 9 of shop/checkout\n' })
  })

  it('are refused at a gate when none waits, with the state in which the release is', async () => {
    const { rollout, release, sluice } = await stage()
    rollout('Analysing', 'looks', running)
    release(2, { stepIndex: 1 })
    const { code, complaints } = await sluice('approve', 'checkout')
    expect(code).toBe(1)
    expect(complaints).toContain('no gate of release 2 of shop/checkout waits for a person (Analysing, step 2/5)')
    expect(complaints).toContain('sluice status checkout -n shop --watch')
  })

  it('say how to go back when Temporal cannot be reached', async () => {
    const { rollout, release, sluice } = await stage()
    rollout('Analysing', 'looks', running)
    release(2, { stepIndex: 1 })
    const address = await nobodyThere()
    const { code, complaints } = await sluice('abort', 'checkout', '--temporal-address', address)
    expect(code).toBe(1)
    expect(complaints).toContain(`cannot reach Temporal at ${address}`)
    expect(complaints).toContain('sluice rollback NAME --direct')
  })
})

describe('the right to decide', () => {
  const words = async ({ rule, action = 'abort', denied = false }: Asking = {}) => {
    const { rollout, release, sluice, server } = await stage()
    rollout('Analysing', 'looks', running)
    release(2, { stepIndex: 1 })
    if (denied) server.denyRights()
    server.interfere(({ path }) => (path.endsWith('/selfsubjectaccessreviews') ? rule : undefined))
    const answer = await sluice(action, 'checkout', '--temporal-address', await nobodyThere())
    return { ...answer, asked: server.requests.filter(({ path }) => path.includes('selfsubjectaccessreviews')).length }
  }

  it('is asked for before anything is sent', async () => {
    const { complaints, asked } = await words()
    expect(asked).toBe(1)
    expect(complaints).toContain('cannot reach Temporal')
  })

  it('is named with the roles that have it where it is missing', async () => {
    expect(await words({ denied: true })).toMatchObject({
      code: 1,
      complaints:
        'error: you may not abort shop/checkout: you lack the right create on rollouts/abort in namespace shop, ' +
        'which the roles sluice-approver and sluice-operator have\n',
    })
    expect((await words({ denied: true, action: 'promote' })).complaints).toContain(
      'which the role sluice-operator has\n',
    )
  })

  it('is taken as missing where the API server does not say', async () => {
    const { code, complaints } = await words({
      rule: { code: 403, reason: 'Forbidden', message: 'reviews are forbidden' },
    })
    expect(code).toBe(1)
    expect(complaints).toContain('nothing was sent: the API server did not say whether you may abort')
    expect(complaints).toContain('sluice rollback checkout --direct')
  })
})

describe('sluice', () => {
  it('helps whoever says nothing, and tells its version', async () => {
    const { sluice } = await stage()
    const said: string[] = []
    const print = (text: string): void => void said.push(text)
    const terminal = { print, complain: print, colors: colors.createColors(false), now: () => 0 }
    expect(await run([], terminal)).toBe(0)
    expect(said.join('')).toContain('Usage: sluice')
    expect(await sluice('--version')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    })
  })

  it('helps, with examples', async () => {
    const { sluice } = await stage()
    const { code, out } = await sluice('--help')
    expect(code).toBe(0)
    expect(out).toContain('sluice abort checkout -n shop --reason')
    expect((await sluice('approve', '--help')).out).toMatch(/--gate <name>[^]*--kubeconfig <file>/)
  })

  it('names the flag that it does not understand', async () => {
    const { sluice } = await stage()
    const { code, complaints } = await sluice('status', 'checkout', '--timeout', 'soon')
    expect(code).toBe(1)
    expect(complaints).toContain("'soon' is invalid. Write a duration like 90s, 10m or 1h30m.")
  })

  it('says which role is missing when the API server refuses', async () => {
    const { server, sluice } = await stage()
    server.interfere(() => ({ code: 403, reason: 'Forbidden', message: 'rollouts is forbidden for User "eve"' }))
    const { code, complaints } = await sluice('get')
    expect(code).toBe(1)
    expect(complaints).toContain('rollouts is forbidden for User "eve". Your user lacks a role here: sluice-viewer')
  })

  it('says that Sluice is not installed when the API server knows no Rollouts', async () => {
    const { server, sluice } = await stage()
    server.interfere(() => ({
      code: 404,
      reason: 'NotFound',
      message: 'the server could not find the requested resource',
    }))
    expect((await sluice('get')).complaints).toContain('Is Sluice installed? kubectl apply -k deploy/crds')
  })
})

/** A port that was free a moment ago. */
async function nobodyThere(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `127.0.0.1:${port}`
}
