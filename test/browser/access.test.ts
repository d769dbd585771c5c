import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openChromium } from './chromium.ts'
import { openWorld, type World } from './world.ts'
import { obstacles } from './obstacles.ts'
import { visit } from './visit.ts'
import { ordinaryFleet } from './world/fleet.ts'

const SCREENS = {
  fleet: '/',
  release: '/r/shop/checkout',
  gates: '/gates',
  history: '/r/shop/checkout/history?compare=11,14',
}

describe('who sees, hears or moves differently', () => {
  let browser: Browser
  let world: World

  beforeAll(async () => {
    browser = await openChromium()
    world = await openWorld({ sights: ordinaryFleet(Date.now()) })
  })
  afterAll(async () => {
    await browser.close()
    await world.end()
  })

  it.each(['light', 'dark'] as const)('meets no obstacle on any screen in %s', async (colorScheme) => {
    const { page, end } = await visit(browser, { url: world.url, token: 'mara', colorScheme, bypassCSP: true })
    for (const [screen, path] of Object.entries(SCREENS)) {
      await page.goto(path)
      await page.locator('.live.live').waitFor()
      await page.getByRole('heading', { level: 1 }).waitFor()
      if (screen === 'history') await page.locator('.comparison .chart').first().waitFor()
      expect(await obstacles(page, screen)).toEqual([])
    }
    await end()
  })

  it('meets none in a dialog either', async () => {
    const { page, end } = await visit(browser, {
      url: world.url,
      token: 'mara',
      path: SCREENS.release,
      bypassCSP: true,
    })
    await page.getByRole('button', { name: 'Approve' }).click()
    expect(await obstacles(page, 'decision')).toEqual([])
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    expect(await obstacles(page, 'keys')).toEqual([])
    await end()
  })
})
