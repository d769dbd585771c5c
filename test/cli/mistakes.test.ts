import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { API_VERSION } from '../../crds/names.ts'
import { ROLLOUTS } from '../../crds/resources.ts'
import { stage } from './stage.ts'
import { folder, sluice } from './typed.ts'

describe('whoever types something else than was meant', () => {
  it('is told which Rollouts, flags and values there are, and where that is described', async () => {
    expect((await sluice('status')).complaints).toBe(
      'error: which Rollout? sluice get lists them\n(sluice status --help shows how)\n',
    )
    expect((await sluice('get', '--namspace', 'x')).complaints).toBe(
      "error: unknown option '--namspace'\n(Did you mean --namespace?)\n(sluice get --help shows how)\n",
    )
    expect((await sluice('get', '-o', 'xml')).complaints).toContain('Allowed choices are wide, json, yaml.')
    expect((await sluice('get', '--request-timeout', '5')).complaints).toContain('Write a duration like 90s')
    expect((await sluice('watch', 'checkout', '-A')).complaints).toContain('sluice watch checkout -n NAMESPACE')
  })

  it('finds every command under what it is for, with its flags and without what is empty', async () => {
    const { out } = await sluice('--help')
    const groups = ['See what goes on:', 'Decide:', 'Try out, without a cluster:', 'This program:']
    const places = groups.map((group) => out.indexOf(group))
    expect(places).toEqual(places.toSorted((one, other) => one - other))
    expect(places).not.toContain(-1)
    expect(out).toMatch(/This program:[^]*\n {2}help \[verb\]/)
    expect(out).not.toContain('[]')
    expect((await sluice('ui', '--help')).out).toMatch(/--port <number> +on this machine \(default: a free one\)/)
    expect((await sluice('watch', '--help')).out).toContain('Exit code 0 promoted, 1 rolled back')
  })

  it('is helped with a verb, and asked which one was meant', async () => {
    expect((await sluice('help', 'list')).out).toMatch(/^Usage: sluice get\|list /)
    expect((await sluice('help')).out).toMatch(/^Usage: sluice \[options\] \[command\]/)
    expect(await sluice('help', 'stauts')).toMatchObject({
      code: 1,
      out: '',
      complaints: "error: unknown command 'stauts'\n(Did you mean status?)\n(sluice help --help shows how)\n",
    })
  })

  it('learns in which namespace a Rollout is', async () => {
    const cli = await stage()
    cli.rollout('Promoted', 'serves')
    const elsewhere = await cli.sluice('-n', 'cart', 'status', 'checkout')
    expect(elsewhere).toMatchObject({
      code: 1,
      complaints: 'error: there is no Rollout cart/checkout; there is one in shop: -n shop\n',
    })
    cli.server.put(ROLLOUTS, {
      apiVersion: API_VERSION,
      kind: 'Rollout',
      metadata: { name: 'checkout', namespace: 'b' },
    })
    expect((await cli.sluice('-n', 'cart', 'status', 'checkout')).complaints).toContain(
      'there are 2 of that name elsewhere: sluice get checkout -A',
    )
    cli.server.interfere(({ path }) =>
      path === '/apis/sluice.dev/v1alpha1/rollouts' ? { code: 403, reason: 'Forbidden', message: 'no' } : undefined,
    )
    const unseen = await cli.sluice('-n', 'cart', 'status', 'checkout')
    expect(unseen.complaints).toBe('error: there is no Rollout cart/checkout; sluice get -A lists what there is\n')
  })
})

describe('a cluster that cannot be reached', () => {
  it('is told apart from a context that there is not', async () => {
    const { sluice } = await stage()
    expect((await sluice('get', '--context', 'fakee')).complaints).toBe(
      'error: the kubeconfig has no context fakee; did you mean fake?\n',
    )
    expect((await sluice('get', '--context', 'production')).complaints).toContain('there are fake')
  })

  it('is told apart from a kubeconfig that nobody can read, of which no line is shown', async () => {
    const place = folder()
    writeFileSync(place('config'), 'users: [{user: {token: hidden}}\n')
    const { complaints } = await sluice('get', '--kubeconfig', place('config'))
    expect(complaints).toContain(`no usable kubeconfig: ${place('config')}: `)
    expect(complaints).not.toContain('hidden')
    const none = await sluice('get', '--kubeconfig', place('none'))
    expect(none.complaints).toContain('no such file')
  })

  it('is waited for as long as somebody said, and no longer', async () => {
    const { server, sluice } = await stage()
    server.interfere(() => 'hang')
    const { code, complaints } = await sluice('get', '--request-timeout', '200ms')
    expect(code).toBe(1)
    expect(complaints).toMatch(/at 127\.0\.0\.1:\d+: no answer within 200 ms\. Is the API server up/)
    expect(server.requests).toHaveLength(1)
  })

  it('is told apart from one that does not know you, or has no Sluice', async () => {
    const { server, sluice } = await stage()
    server.interfere(() => ({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' }))
    expect((await sluice('get')).complaints).toBe(
      'error: Unauthorized: the API server does not know you. Sign in again, or name another --context\n',
    )
    server.interfere(() => ({ code: 404, reason: 'NotFound', message: 'there is no such resource' }))
    expect((await sluice('status', 'checkout')).complaints).toContain(
      'Is Sluice installed? kubectl apply -k deploy/crds',
    )
  })

  it('ends a watch before it begins', async () => {
    const { server, begin } = await stage()
    server.interfere(() => ({ code: 403, reason: 'Forbidden', message: 'no rollouts for eve' }))
    const watching = begin(['get', '--watch'])
    expect(await watching.ended).toBe(1)
    expect(watching.complaints()).toContain('Your user lacks a role here')
  })
})
