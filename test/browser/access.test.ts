import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openChromium } from './chromium.ts'
import { openWorld, type World } from './world.ts'
import { visit } from './visit.ts'
import { ordinaryFleet } from './world/fleet.ts'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
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
    // axe is put into the page from outside, which the policy of the page forbids.
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

/** WCAG 2.2 A and AA, and what axe calls best practice; one line each. */
async function obstacles(page: Page, screen: string): Promise<string[]> {
  await page.addScriptTag({ path: AXE })
  const { violations } = await page.evaluate<AxeResults>('axe.run(document)')
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${screen}: ${impact} ${id} at ${target.join(' ')}: ${failureSummary}`),
  )
}
