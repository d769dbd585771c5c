import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/**
 * What axe finds on the page as it stands: WCAG 2.2 A and AA, and what it calls best practice, one line each. It is put
 * into the page from outside, which the page's policy forbids: the visit needs `bypassCSP`.
 */
export async function obstacles(page: Page, screen: string): Promise<string[]> {
  await page.addScriptTag({ path: AXE })
  const { violations } = await page.evaluate<AxeResults>('axe.run(document)')
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${screen}: ${impact} ${id} at ${target.join(' ')}: ${failureSummary}`),
  )
}
