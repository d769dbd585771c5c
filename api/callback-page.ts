import { html } from 'hono/html'
import type { Callback } from './callback-token.ts'

type Page = ReturnType<typeof html>

const VERB = { approve: 'Approve', reject: 'Reject' } as const

/** What a person sees who opens an address: whoever only looks, as mail scanners do, decides nothing. */
export function questionPage({ namespace, rollout, release, revision, gate, action }: Callback): Page {
  const title = `${VERB[action]} gate ${gate} of ${namespace}/${rollout}?`
  return page(
    title,
    html`<p>Release ${release}, revision ${revision}. This address is good for one answer.</p>
      <form method="post">
        <p>
          <label>Your name <input name="by" maxlength="100" autocomplete="name" /></label>
        </p>
        <p>
          <label>Why <input name="reason" maxlength="500" /></label>
        </p>
        <p><button>${VERB[action]}</button></p>
      </form>`,
  )
}

/** One sentence. */
export const sentencePage = (title: string, sentence: string): Page => page(title, html`<p>${sentence}</p>`)

const page = (title: string, body: Page): Page =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`
