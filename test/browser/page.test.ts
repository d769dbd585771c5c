import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openChromium } from './chromium.ts'
import { openWorld, type Seen, type World } from './world.ts'
import { isTooWide, state, visit, type Visit } from './visit.ts'
import { approved, CANARY, GATE } from './world/checkout.ts'
import { ordinaryFleet } from './world/fleet.ts'

const CHECKOUT = 'shop/checkout'
const RELEASE = `/r/${CHECKOUT}`
const opened = (sight: Seen): Seen => approved(sight, Date.now())

describe('the page', () => {
  let browser: Browser
  let world: World
  let visits: Visit[]

  beforeAll(async () => {
    browser = await openChromium()
  })
  afterAll(() => browser.close())

  beforeEach(async () => {
    visits = []
    world = await openWorld({
      sights: ordinaryFleet(Date.now()),
      engine: (world, { spec }) => spec.action === 'approve' && world.change(CHECKOUT, opened),
    })
  })
  afterEach(async () => {
    for (const one of visits) await one.end()
    await world.end()
  })

  const open = async (token: string, path = '/', options = {}) => {
    const one = await visit(browser, { url: world.url, token, path, ...options })
    visits.push(one)
    return one.page
  }

  it('lets nobody in whose token the API server does not know, and says so', async () => {
    const one = await visit(browser, { url: world.url })
    visits.push(one)
    await one.page.getByLabel('A token of yours').fill('guessed')
    await one.page.getByRole('button', { name: 'Sign in' }).click()
    await one.page.getByRole('alert').getByText('does not accept these credentials').waitFor()
    expect(await one.page.getByText('checkout').count()).toBe(0)
  })

  it('shows what needs a person first, and what changes without being asked', async () => {
    const page = await open('mara')
    const first = page.locator('main .group').first()
    expect(await first.locator('h2').innerText()).toContain('Needs a person')
    await first.getByText('Waits for approval').waitFor()
    world.change(CHECKOUT, opened)
    await page.locator('.group.moving', { hasText: 'checkout' }).waitFor()
    expect(await first.getByText('checkout').count()).toBe(0)
  })

  it('says on one page what is happening, why, and what one has to do', async () => {
    const page = await open('mara', RELEASE)
    const heading = await page.getByRole('heading', { level: 1 }).innerText()
    expect(heading.replace(/\s/g, ' ')).toBe(`Gate ${GATE}: waiting for an approval at 25 %.`)
    await page.getByRole('region', { name: 'Why' }).getByText('errors are').waitFor()
    await page.getByRole('region', { name: 'What you have to do' }).getByRole('button', { name: 'Approve' }).waitFor()
    await page.getByRole('img', { name: /Weight of the canary over time: 0 %, 5 %, 25 %/ }).waitFor()
    await page.getByRole('img', { name: /Bad share of errors over time: canary \d+ of/ }).waitFor()
    await page.getByRole('region', { name: 'Pods' }).getByText('6 of 6 ready').waitFor()
    await page.getByText('“wait until the newsletter is out”').waitFor()
    await page.getByRole('region', { name: 'Where it comes from' }).getByText('Noor Haddad').waitFor()
    await page.getByRole('link', { name: 'The workflow in Temporal' }).waitFor()
  })

  it('opens a gate by two clicks, names the revision between them, and shows what the engine made of it', async () => {
    const page = await open('mara', RELEASE)
    await page.getByRole('button', { name: 'Approve' }).click()
    const dialog = page.getByRole('dialog', { name: `Approve gate ${GATE} of checkout?` })
    await dialog.getByLabel('Reason').fill('looks good')
    await dialog.getByRole('button', { name: `Approve ${CANARY}` }).click()
    await dialog.getByText('Applied: gate go-wide is open').waitFor()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await state(page, 'Progressing').first().waitFor()
    expect(await page.getByText('“looks good”').count()).toBe(1)
  })

  it('refuses one without the right in the words of the API server, and nothing changes', async () => {
    const page = await open('viktor', '/gates')
    await page.getByRole('heading', { name: 'No gate waits for you' }).waitFor()
    await page.getByRole('button', { name: 'Approve checkout' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('it takes the right create on rollouts/approve in namespace shop').waitFor()
    await dialog.getByRole('button', { name: `Approve ${CANARY}` }).click()
    await dialog.getByRole('alert').getByText('User "viktor@shop.example" may not approve checkout').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(await page.getByRole('button', { name: 'Approve checkout' }).isEnabled()).toBe(true)
  })

  it('tells on the gates screen what became of an answer, and the gate goes from there', async () => {
    const page = await open('mara', '/gates')
    await page.getByRole('button', { name: 'Approve checkout' }).click()
    await page.getByRole('button', { name: `Approve ${CANARY}` }).click()
    await page.getByText('Applied: gate go-wide is open').waitFor()
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('heading', { name: 'No gate waits for you' }).waitFor()
    expect(await page.getByRole('button', { name: 'Approve checkout' }).count()).toBe(0)
  })

  it('says that it is old while the API is away, decides nothing by it, and is current again by itself', async () => {
    const page = await open('mara', RELEASE)
    await page.getByRole('button', { name: 'Approve' }).waitFor()
    await world.stop()
    await page.getByText(/No connection since/).waitFor()
    expect(await page.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true)
    world.change(CHECKOUT, opened)
    await world.start()
    await state(page, 'Progressing').first().waitFor()
    await page.getByRole('status').getByText('Live').waitFor()
    expect(await page.getByText(/No connection since/).count()).toBe(0)
  })

  it('compares two releases side by side', async () => {
    const page = await open('mara', `${RELEASE}/history`)
    await page.getByRole('heading', { name: '5 releases: 2 promoted, 2 rolled back, 1 under way.' }).waitFor()
    for (const number of ['11', '13']) await page.getByRole('checkbox', { name: new RegExp(`^${number}`) }).check()
    const sides = page.getByRole('region', { name: 'Comparison' }).getByRole('article')
    await expect.poll(() => sides.count()).toBe(2)
    await sides
      .first()
      .getByText(/^Rolled back: /)
      .first()
      .waitFor()
    expect(page.url()).toContain('compare=11%2C13')
  })

  it('is used by keys alone, which can be switched off', async () => {
    const page = await open('mara')
    await page.keyboard.press('/')
    await page.keyboard.type('checkout')
    await expect.poll(() => page.locator('main [data-row]').count()).toBe(1)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: GATE }).waitFor()
    await page.keyboard.press('a')
    await page.getByRole('dialog', { name: /^Approve gate/ }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('h')
    await page.getByRole('heading', { level: 1, name: '5 releases' }).waitFor()
    await page.keyboard.press('?')
    await page.getByLabel('Single keys do something').uncheck()
    await page.keyboard.press('Escape')
    await page.keyboard.press('h')
    expect(page.url()).toContain('/history')
  })

  it('says that nothing fits, and shows all again by a click', async () => {
    const page = await open('mara', '/?find=nobody-is-called-so')
    await page.getByText('Nothing fits.').waitFor()
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.locator('main [data-row]', { hasText: 'checkout' }).first().waitFor()
    expect(await page.getByRole('searchbox').inputValue()).toBe('')
  })

  it('fits a phone', async () => {
    const page = await open('mara', '/', { viewport: { width: 320, height: 640 } })
    for (const path of ['/', RELEASE, '/gates', `${RELEASE}/history?compare=11,13`]) {
      await page.goto(path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.locator('.live.live').waitFor()
      expect(`${path} ${await isTooWide(page)}`).toBe(`${path} false`)
    }
  })
})
