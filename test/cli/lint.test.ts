import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { accepted, refusals, validManifest } from '../fixtures/manifests.ts'
import { folder, sluice } from './typed.ts'

const json = (manifest: object): unknown => JSON.parse(JSON.stringify(manifest))

describe('sluice lint', () => {
  it('finds nothing in what the API server accepts', async () => {
    const place = folder()
    mkdirSync(place('all'))
    accepted().forEach(({ manifest }, index) => {
      const { metadata, ...rest } = json(manifest) as { metadata: object }
      writeFileSync(
        place(`all/${index}.yaml`),
        stringify({ ...rest, metadata: { ...metadata, namespace: `n${index}` } }),
      )
    })
    const { code, out } = await sluice('lint', '-f', place('all'))
    expect(out).toBe(`${accepted().length} Rollouts: no mistakes.\n`)
    expect(code).toBe(0)
    expect((await sluice('lint', '-f', 'deploy/examples')).out).toMatch(/^\d+ Rollouts: no mistakes\.\n$/)
  })

  it('finds in what the API server refuses the field, with line and column', async () => {
    const missed: string[] = []
    for (const { name, manifest } of refusals()) {
      const place = folder()
      writeFileSync(place('rollout.yaml'), stringify(json(manifest)))
      const { code, out } = await sluice('lint', '-f', place('rollout.yaml'))
      if (code !== 1 || !/rollout\.yaml:\d+:\d+: (spec|metadata)/.test(out)) missed.push(`${name}: ${out}`)
    }
    expect(missed).toEqual([])
  })

  it('names every mistake of every file at once, and what was meant', async () => {
    const place = folder()
    const { spec, ...rest } = validManifest()
    writeFileSync(place('a.yaml'), stringify({ ...rest, spec: { ...spec, replcas: 3, suspend: 'no' } }))
    writeFileSync(place('b.yaml'), 'apiVersion: sluice.dev/v1alpha1\nkind: Rolout\nmetadata: { name: x }\n')
    writeFileSync(place('c.yaml'), 'a: [\n')
    const { code, out } = await sluice('lint', '-f', place('a.yaml'), '-f', place('b.yaml'), '-f', place('c.yaml'))
    expect(code).toBe(1)
    expect(out).toMatch(/c\.yaml:\d+:\d+: this is no YAML/)
    expect(out).toMatch(/a\.yaml:\d+:3: spec\.replcas: unknown field; did you mean replicas\?/)
    expect(out).toMatch(/a\.yaml:\d+:3: spec\.suspend: expected boolean, received string/)
    expect(out).toMatch(/b\.yaml:2:1: kind: sluice\.dev has no Rolout; did you mean Rollout\?/)
    expect(out).toMatch(/1 Rollout, 1 Rolout: \d+ mistakes\.\n$/)
  })

  it('compares a Rollout with the VirtualService beside it, and finds what is there twice', async () => {
    const place = folder()
    const route = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'shop' },
      spec: { http: [{ name: 'primry' }] },
    }
    const { spec, ...rest } = validManifest()
    const router = { istio: { virtualServices: [{ name: 'shop', routes: ['primary'] }] } }
    const rollout = stringify({ ...rest, spec: { ...spec, router } })
    writeFileSync(place('all.yaml'), [rollout, stringify(route), rollout].join('---\n'))
    const { out } = await sluice('lint', '-f', place('all.yaml'), '-o', 'json')
    const [twice, first] = JSON.parse(out) as { line: number; field: string; message: string }[]
    expect(first).toMatchObject({
      field: 'spec.router.istio.virtualServices[0].routes[0]',
      message: 'VirtualService shop in these files has no route primary; did you mean primry?',
    })
    expect(twice?.message).toMatch(
      /^Rollout checkout is declared twice, first in .*all\.yaml:\d+; rename or remove one$/,
    )
  })

  it('says so where there is nothing of ours', async () => {
    const place = folder()
    writeFileSync(place('service.yaml'), 'apiVersion: v1\nkind: Service\n')
    expect((await sluice('lint', '-f', place('service.yaml'))).complaints).toContain('there is no object of sluice.dev')
    expect((await sluice('lint', '-f', place('none.yaml'))).complaints).toContain('cannot read')
  })
})
