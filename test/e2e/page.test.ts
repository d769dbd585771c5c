import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import build from '../browser/build.ts'
import { openChromium } from '../browser/chromium.ts'
import { obstacles } from '../browser/obstacles.ts'
import { state, visit } from '../browser/visit.ts'
import { startApiProcess, tokenOf, type ApiProcess } from '../stage/api.ts'
import { analysisOf, rolloutManifest, virtualService } from '../stage/shop.ts'
import { openSourceStage } from '../stage/source.ts'

const access = inject('access')
const { kubeconfigs } = access

const NAMESPACE = 'page'
const RELEASE = `/r/${NAMESPACE}/checkout`
/** Two browsers beside a whole cluster. */
const PATIENT = { timeout: 400_000 }
const SCREENS = ['/', RELEASE, '/gates', `${RELEASE}/history?compare=1,2`]

const checkout = (version: string): string =>
  stringify(
    rolloutManifest(NAMESPACE, {
      version,
      steps: [
        { setWeight: 25 },
        { analyze: { for: '4s' } },
        { approve: { name: 'go-wide' } },
        { setWeight: 50 },
        { pause: {} },
      ],
      analysis: analysisOf(access.prometheus, { slowerThan: '250ms' }),
    }),
  )

describe('the page on the real stack', () => {
  let browser: Browser
  let api: ApiProcess

  beforeAll(async () => {
    await build()
    browser = await openChromium()
    api = await startApiProcess(access)
  })
  afterAll(async () => {
    await browser.close()
    await api[Symbol.asyncDispose]()
  })

  async function as(who: 'alice' | 'bob', path: string, options = {}) {
    const visiting = await visit(browser, { url: api.url, token: await tokenOf(kubeconfigs[who]), path, ...options })
    onTestFinished(() => visiting.end())
    return visiting.page
  }

  it(
    'shows a push, lets those decide who may, and nobody else, and survives the death of its API',
    PATIENT,
    async () => {
      await using source = await openSourceStage({
        access,
        name: NAMESPACE,
        files: {
          'checkout.yaml': checkout('1.4.0'),
          'routes.yaml': stringify(virtualService({ namespace: NAMESPACE, host: `${NAMESPACE}.shop.local` })),
        },
      })
      const { stage, repository, applied, hook } = source
      await applied(repository.first)
      await stage.until('1.4.0 serves', ({ rollout }) => rollout?.status?.lastRelease?.outcome === 'Promoted')
      stage.load({ rps: 60 })
      const page = await as('alice', RELEASE, { bypassCSP: true })
      const visitor = await as('bob', RELEASE)
      await page.getByText('serves everything').waitFor()

      repository.push({ 'checkout.yaml': checkout('1.5.0') }, 'checkout 1.5.0: a faster basket')
      await hook()
      await page.getByText('checkout 1.5.0: a faster basket').waitFor()

      await visitor.getByRole('button', { name: 'Approve' }).click()
      await visitor.getByRole('button', { name: /^Approve [0-9a-f]{10}$/ }).click()
      await visitor.getByRole('alert').getByText('bob').waitFor()
      expect(stage.now().rollout?.status?.gate).toBe('go-wide')

      await page.emulateMedia({ colorScheme: 'dark' })
      for (const path of SCREENS) {
        await page.goto(path)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page.locator('.live.live').waitFor()
        expect(await obstacles(page, path)).toEqual([])
      }

      await page.goto('/gates')
      await page.getByRole('button', { name: `Approve checkout in ${NAMESPACE}` }).click()
      await page.getByRole('button', { name: /^Approve [0-9a-f]{10}$/ }).click()
      await page.getByRole('button', { name: 'Close' }).click()
      await page.goto(RELEASE)
      await state(page, 'Paused').first().waitFor()
      await page.getByText(/^alice: approve go-wide/).waitFor()

      await api.kill()
      await page.getByText(/No connection since/).waitFor()
      expect(await page.getByRole('button', { name: 'Abort' }).isDisabled()).toBe(true)
      await api.start()
      await page.getByRole('status').getByText('Live').waitFor()

      await page.getByRole('button', { name: 'Abort' }).click()
      await page.getByLabel('Reason').fill('customers complain')
      await page.getByRole('button', { name: /^Abort [0-9a-f]{10}$/ }).click()
      await stage.until('the canary has no traffic', ({ rollout }) => rollout?.status?.weight === 0)
      await page.getByRole('button', { name: 'Close' }).click()
      await state(page, 'Aborted').first().waitFor()
      await page.getByText('serves everything').waitFor()
      await page.getByText('“customers complain”').waitFor()
    },
  )
})
