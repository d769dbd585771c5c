import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

export type Visit = { page: Page; end: () => Promise<void> }

type VisitOptions = BrowserContextOptions & {
  url: string
  /** Whose token is typed into the sign-in screen; nobody's where it is absent. */
  token?: string
  path?: string
}

/** Somebody opens the page. At the end the browser must not have complained, about the security policy least of all. */
export async function visit(browser: Browser, { url, token, path = '/', ...options }: VisitOptions): Promise<Visit> {
  const context = await browser.newContext({ baseURL: url, reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // What the server refuses, the browser reports by itself, and a dropped line is told on the page.
    const isAboutRequest = message.text().startsWith('Failed to load resource')
    if (message.type() === 'error' && !isAboutRequest) complaints.push(message.text())
  })
  await page.goto(path)
  if (token !== undefined) await signIn(page, token)
  return {
    page,
    async end() {
      await context.close()
      if (complaints.length > 0) throw new Error(`the browser complained: ${complaints.join('; ')}`)
    },
  }
}

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('A token of yours').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('status').getByText('Live').waitFor()
}

/** The page's words for a state, wherever it stands. */
export const state = (page: Page, word: string) => page.locator('main .state', { hasText: word })

/** Whether somebody would have to scroll sideways. */
export const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')
