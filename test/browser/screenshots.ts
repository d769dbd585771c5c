import { mkdir, writeFile } from 'node:fs/promises'
import process from 'node:process'
import type { Browser } from 'playwright-core'
import { build } from 'vite'
import { openChromium } from './chromium.ts'
import { drawingOf } from './drawing.ts'
import { visit } from './visit.ts'
import { openWorld } from './world.ts'
import { ordinaryFleet } from './world/fleet.ts'

/**
 * `npm run screenshots [-- FOLDER]`: the four screens in dark and light, on a desk and on a phone, as PNG files, and those of the desk as
 * drawings for the README. They are
 * of a made-up company, drawn from objects as the engine writes them; no cluster is needed.
 */
const folder = process.argv[2] ?? 'dist/screenshots'
/** What the README shows: of the desk, as text. */
const drawings = process.argv[3] ?? 'docs/screens'
const SCREENS = {
  fleet: '/',
  release: '/r/shop/checkout',
  gates: '/gates',
  history: '/r/shop/checkout/history?compare=11,14',
}
const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }

for (const each of [folder, drawings]) await mkdir(each, { recursive: true })
await build({ configFile: 'ui/vite.config.ts', logLevel: 'warn' })
const world = await openWorld({ sights: ordinaryFleet(Date.now()) })
const browser = await openChromium()
try {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const size of Object.keys(SIZES) as (keyof typeof SIZES)[]) await take(browser, colorScheme, size)
  }
} finally {
  await browser.close()
  await world.end()
}

async function take(browser: Browser, colorScheme: 'light' | 'dark', size: keyof typeof SIZES): Promise<void> {
  const options = { colorScheme, viewport: SIZES[size] }
  const { page, end } = await visit(browser, { url: world.url, token: 'mara', ...options })
  for (const [screen, path] of Object.entries(SCREENS)) {
    await page.goto(path)
    await page.locator('main h1').waitFor()
    await page.locator('.live.live').waitFor()
    if (screen === 'history') await page.locator('.comparison .chart').first().waitFor()
    const path_ = `${folder}/${screen}-${size}-${colorScheme}.png`
    await page.screenshot({ path: path_, fullPage: screen !== 'fleet' })
    console.log(path_)
    if (size === 'desk') await writeFile(`${drawings}/${screen}-${colorScheme}.svg`, await drawingOf(page))
  }
  await end()
}
