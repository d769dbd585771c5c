import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { approval, invitation } from '../../demo/invitation.ts'
import { clearSite } from '../../demo/site.ts'
import { isOfDemo } from '../../stack/maker.ts'

function folder() {
  const home = mkdtempSync(join(tmpdir(), 'sluice-site-'))
  onTestFinished(() => rm(home, { recursive: true }))
  const said: string[] = []
  return { home, state: join(home, 'stack'), said, say: (text: string): void => void said.push(text) }
}

it('is the demo’s where nothing was', async () => {
  const { state, said, say } = folder()
  await clearSite(state, say)
  expect(isOfDemo(state)).toBe(true)
  expect(said).toEqual([])
})

it('keeps a stopped cluster that somebody else made, and says how to bring it back', async () => {
  const { home, state, said, say } = folder()
  mkdirSync(state)
  writeFileSync(join(state, 'data'), 'mine')
  await clearSite(state, say, new Date('2030-01-02T03:04:05Z'))
  const kept = join(home, 'stack-2030-01-02T03-04-05-000Z')
  expect(readFileSync(join(kept, 'data'), 'utf8')).toBe('mine')
  expect(existsSync(join(state, 'data'))).toBe(false)
  expect(said.join()).toMatch(/npm run stack -- --state-dir \S*stack-2030-01-02T03-04-05-000Z up/)
})

it('clears what an earlier demo left', async () => {
  const { home, state, said, say } = folder()
  await clearSite(state, say)
  writeFileSync(join(state, 'data'), 'its own')
  await clearSite(state, say)
  expect(readdirSync(home)).toEqual(['stack'])
  expect(existsSync(join(state, 'data'))).toBe(false)
  expect(said.join()).toContain('is cleared')
})

it('invites with lines that work in a new terminal, and with no page that is not served', () => {
  const urls = { gateway: 'http://gw', prometheus: 'http://prom', temporalUi: 'http://ui' }
  const page = { url: 'http://localhost:8090', token: 'alice-token' }
  const lines = invitation({ urls } as Parameters<typeof invitation>[0], { clone: 'shop' }, page)
  expect(lines).toContain('  the page        http://localhost:8090')
  expect(lines.join('\n')).toContain('alice-token')
  expect(lines.join('\n')).toMatch(/Prometheus API +curl -sg 'http:\/\/prom\/api\/v1\/query\?query=/)
  expect(lines.findIndex((line) => line.includes('stack -- env'))).toBeLessThan(
    lines.findIndex((line) => line.includes('sluice -- get')),
  )
  const [click, , addresses, approve] = approval(page.url, { name: 'go-wide', release: 3 })
  expect(click).toContain('http://localhost:8090/r/shop/checkout')
  expect(addresses).toContain('eval "$(npm run -s stack -- env)"')
  expect(approve).toContain('npm run -s sluice -- approve checkout -n shop --release 3 --gate go-wide')
})
