import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PodTemplate } from '../../crds/schema/rollout.ts'
import { changedConfigs, revisionOf, sameSource, sameTemplate } from '../../workload/revision.ts'

const template = (overrides: Partial<PodTemplate> = {}): PodTemplate => ({
  metadata: { labels: { app: 'checkout' } },
  spec: { containers: [{ name: 'app', image: 'shop.local/checkout:1.4.0' }] },
  ...overrides,
})
const restarted = (at: string): PodTemplate =>
  template({ metadata: { labels: { app: 'checkout' }, annotations: { 'kubectl.kubernetes.io/restartedAt': at } } })
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  )
}

describe('the name of a revision', () => {
  it('is ten hex digits', () => {
    expect(revisionOf({ template: template(), configs: {} })).toMatch(/^[0-9a-f]{10}$/)
  })

  it('never changes for the same template, because running clusters carry it', () => {
    expect(revisionOf({ template: template(), configs: {} })).toMatchInlineSnapshot(`"b511f6ad68"`)
  })

  it('differs for another image and for another config', () => {
    const other = template({ spec: { containers: [{ name: 'app', image: 'shop.local/checkout:1.5.0' }] } })
    const names = [
      revisionOf({ template: template(), configs: {} }),
      revisionOf({ template: other, configs: {} }),
      revisionOf({ template: template(), configs: { 'ConfigMap/checkout': 'abc' } }),
    ]
    expect(new Set(names).size).toBe(3)
  })

  it('does not depend on the order of keys, whatever the template holds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (extra) => {
        const declared = template({ spec: { ...extra, containers: [{ name: 'app', image: 'a' }] } })
        const shuffled = reversed(declared) as PodTemplate
        expect(revisionOf({ template: shuffled, configs: {} })).toBe(revisionOf({ template: declared, configs: {} }))
        expect(sameTemplate(declared, shuffled)).toBe(true)
      }),
    )
  })
})

describe('a restart', () => {
  it('is no new revision, and no other template', () => {
    const again = restarted('2026-05-01T10:00:00Z')
    expect(revisionOf({ template: again, configs: {} })).toBe(revisionOf({ template: template(), configs: {} }))
    expect(sameTemplate(again, template())).toBe(true)
  })

  it('is none either where the template had no metadata at all', () => {
    const { metadata: _, ...bare } = template()
    const again: PodTemplate = { ...bare, metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } }
    expect(sameTemplate(again, bare)).toBe(true)
  })

  it('does not hide a change that comes with it', () => {
    const again = restarted('2026-05-01T10:00:00Z')
    again.metadata!.labels = { app: 'checkout', tier: 'web' }
    expect(sameTemplate(again, template())).toBe(false)
  })
})

describe('what is declared', () => {
  const knowing = (configs?: Record<string, string>) => ({ template: template(), configs })

  it('differs by a config that changed, came or went', () => {
    const before = knowing({ 'ConfigMap/a': '1', 'ConfigMap/b': '1' })
    expect(sameSource(before, knowing({ 'ConfigMap/b': '1', 'ConfigMap/a': '1' }))).toBe(true)
    expect(sameSource(before, knowing({ 'ConfigMap/a': '2', 'ConfigMap/b': '1' }))).toBe(false)
    expect(changedConfigs(before, knowing({ 'ConfigMap/a': '2', 'Secret/c': '1' }))).toEqual([
      'ConfigMap/a',
      'ConfigMap/b',
      'Secret/c',
    ])
    expect(sameSource(knowing({}), knowing({ 'ConfigMap/a': '1' }))).toBe(false)
  })

  it('does not differ by configs that nobody looked at', () => {
    expect(sameSource(knowing(), knowing({ 'ConfigMap/a': '1' }))).toBe(true)
    expect(sameSource(knowing({ 'ConfigMap/a': '1' }), knowing())).toBe(true)
  })
})
