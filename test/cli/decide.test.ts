import { createServer, type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { CANARY, stage } from './stage.ts'

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

describe('sluice', () => {
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
