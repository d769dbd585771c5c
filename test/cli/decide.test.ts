import { describe, expect, it } from 'vitest'
import colors from 'picocolors'
import { run } from '../../cli/program.ts'
import { LABEL } from '../../crds/names.ts'
import { DECISIONS, RELEASES } from '../../crds/resources.ts'
import type { Decision } from '../../crds/schema/decision.ts'
import { ENGINE_TOKEN } from '../fakes/api-people.ts'
import { placeOf } from '../fakes/api-server.ts'
import { CANARY, stage, STABLE, type Cli } from './stage.ts'

const running = { canary: CANARY, release: 2, step: '2/5', weight: 5 }
const place = placeOf(DECISIONS, 'shop')

const decisions = ({ server }: Cli): Decision[] => server.store.list(place) as unknown as Decision[]

/** A release that runs, and an engine that answers every Decision. */
async function release(outcome?: 'Delivered' | 'Applied' | 'Refused', message = 'taken'): Promise<Cli> {
  const cli = await stage()
  cli.server.people.know(ENGINE_TOKEN, { name: 'ada', groups: ['shop', 'on-call'] })
  cli.rollout('AwaitingApproval', 'waits', { ...running, gate: 'go-wide' })
  cli.release(2, { stepIndex: 3 })
  cli.server.store.onChange(({ type, place: at, object }) => {
    if (at.collection !== place.collection || type !== 'ADDED' || outcome === undefined) return
    const status = { outcome, message, at: '2030-01-01T10:00:00Z' }
    queueMicrotask(() => cli.server.store.merge(place, object.metadata.name, { status }, 'status'))
  })
  return cli
}

describe('sluice approve, abort and the other words', () => {
  it('are Decisions about the release, the revision and the gate that the caller sees', async () => {
    const cli = await release('Applied', 'Gate go-wide approved by ada')
    const { code, out } = await cli.sluice('approve', 'checkout', '--reason', 'looks good')
    expect(code).toBe(0)
    expect(out).toBe(
      'Gate go-wide approved by ada (revision bbbbbbbbbb)\nSee what becomes of it: sluice status checkout -n shop --watch\n',
    )
    const [{ metadata, spec } = {}] = decisions(cli)
    expect(metadata?.labels).toEqual({ [LABEL.rollout]: 'checkout' })
    expect(metadata?.name).toMatch(/^checkout-/)
    expect(spec).toEqual({
      rollout: 'checkout',
      release: 2,
      revision: CANARY,
      gate: 'go-wide',
      action: 'approve',
      by: 'ada',
      reason: 'looks good',
    })
  })

  it.each(['reject', 'promote', 'step', 'abort', 'pause', 'resume'])('%s is one of them', async (action) => {
    const cli = await release('Delivered')
    expect((await cli.sluice(action, 'checkout')).code).toBe(0)
    expect(decisions(cli)[0]?.spec).toMatchObject({ action, release: 2, revision: CANARY })
  })

  it.each(['retry', 'rollback'])('%s is said about the last release, too', async (action) => {
    const cli = await release('Applied', 'Release 3 begins')
    const lastRelease = { number: 2, revision: CANARY, outcome: 'Promoted' }
    cli.rollout('Promoted', 'serves', { lastRelease, stable: CANARY, release: null, canary: null } as never)
    const { code, out } = await cli.sluice(action, 'checkout')
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('Release 3 begins') as string })
    expect(decisions(cli)[0]?.spec).toMatchObject({ action, release: 2, revision: CANARY })
    expect(out.includes('Git still declares what was taken back')).toBe(action === 'rollback')
  })

  it('name the groups of the caller that the gate asks for, and no others', async () => {
    const cli = await release('Delivered')
    const terms = { minimum: 2, groups: ['on-call', 'security'] }
    const steps = [{ kind: 'approve', name: 'go-wide', expiresAfterMs: 1, terms }]
    cli.server.store.merge(placeOf(RELEASES, 'shop'), 'checkout-2', { spec: { plan: { steps } } })
    await cli.sluice('approve', 'checkout')
    expect(decisions(cli)[0]?.spec.groups).toEqual(['on-call'])
  })

  it('fail with the sentence of the engine where they do not count', async () => {
    const cli = await release('Refused', 'gate go-wide is not open')
    expect(await cli.sluice('approve', 'checkout')).toMatchObject({
      code: 1,
      out: '',
      complaints: 'error: gate go-wide is not open\n',
    })
  })

  it('fail with the sentence of the policy, and the roles that have the right, where the API server refuses', async () => {
    const cli = await release()
    const message =
      'decisions.sluice.dev "checkout-x" is forbidden: ValidatingAdmissionPolicy \'sluice-decisions\' with binding ' +
      "'sluice-decisions' denied request: ada may not promote rollout checkout in shop"
    cli.server.interfere(({ method, path }) =>
      method === 'POST' && path.endsWith('/decisions') ? { code: 403, reason: 'Forbidden', message } : undefined,
    )
    expect((await cli.sluice('promote', 'checkout')).complaints).toBe(
      'error: ada may not promote rollout checkout in shop. To promote here takes a right that the role sluice-operator has\n',
    )
    expect((await cli.sluice('abort', 'checkout')).complaints).toContain(
      'the roles sluice-operator, sluice-approver and sluice-editor have',
    )
  })

  it('exit 2 and say what to do where nobody answers', async () => {
    const cli = await release()
    const { code, complaints } = await cli.sluice('abort', 'checkout', '--timeout', '50ms')
    expect(code).toBe(2)
    const name = decisions(cli)[0]?.metadata.name
    expect(complaints).toContain(`the engine has not answered Decision ${name} within 50ms; it stands`)
    expect(complaints).toContain('sluice rollback checkout -n shop --direct')
  })

  it('are not said when no release is under way, or there is no such release or gate', async () => {
    const cli = await stage()
    cli.rollout('Promoted', 'serves', { stable: STABLE })
    for (const action of ['approve', 'reject', 'abort', 'promote', 'step', 'pause', 'resume']) {
      const { code, complaints } = await cli.sluice(action, 'checkout')
      expect(code).toBe(1)
      expect(complaints).toBe(`error: no release of shop/checkout is under way: there is nothing to ${action}\n`)
    }
    expect((await cli.sluice('retry', 'checkout')).complaints).toContain('shop/checkout has had no release yet')
    cli.rollout('Analysing', 'looks', running)
    cli.release(2, { stepIndex: 1 })
    const other = await cli.sluice('abort', 'checkout', '--release', '9')
    expect(other.complaints).toBe('error: there is no release 9 of shop/checkout\n')
    const gate = await cli.sluice('approve', 'checkout')
    expect(gate.complaints).toContain('no gate of release 2 of shop/checkout waits for a person (Analysing, step 2/5)')
    expect(gate.complaints).toContain('sluice status checkout -n shop --watch')
    expect(decisions(cli)).toEqual([])
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
