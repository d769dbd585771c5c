import { gzipSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'
import { beforeAll, describe, expect, it } from 'vitest'

const KIB = 1_024

describe('what a browser loads', () => {
  const files = new Map<string, string>()

  beforeAll(async () => {
    const { output } = (await build({
      configFile: 'ui/vite.config.ts',
      logLevel: 'error',
      build: { write: false },
    })) as Rolldown.RolldownOutput
    for (const file of output) files.set(file.fileName, String(file.type === 'chunk' ? file.code : file.source))
  })

  it('is less than 60 KiB of script', () => {
    const scripts = [...files].filter(([name]) => name.endsWith('.js')).map(([, code]) => gzipSync(code).length)
    expect(scripts.reduce((sum, size) => sum + size, 0)).toBeLessThan(60 * KIB)
  })

  it('has nothing inline that a strict policy forbids', () => {
    const page = files.get('index.html') ?? ''
    expect(page).toContain('<script type="module"')
    expect(page).not.toMatch(/<script(?![^>]* src=)|<style| style=| on[a-z]+=/)
    expect([...files].filter(([name, text]) => name.endsWith('.css') && text.includes('data:'))).toEqual([])
  })

  it('comes from nowhere else', () => {
    const links = [...files]
      .filter(([name]) => /\.(html|css)$/.test(name))
      .flatMap(([, text]) => text.match(/(?:src|href)="[^"]*"|url\([^)]*\)/g) ?? [])
    expect(links.filter((link) => /https?:|\/\//.test(link))).toEqual([])
  })
})
