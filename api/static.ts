import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { compress } from 'hono/compress'

const NOT_BUILT = 'The UI is not built: run `npm run build:ui`, and load this page again.\n'
/** Their names change with what they contain. */
const HASHED = /^\/assets\//
const YEAR_SECONDS = 31_536_000

/** The built UI. Every address of a page is the same file: what to show, its script reads from the address. */
export function staticRoutes(directory: string): Hono {
  const routes = new Hono()
  const page = join(directory, 'index.html')
  routes.use(async (c, next) => {
    if (!existsSync(page)) return c.text(NOT_BUILT, 503)
    await next()
    const isHashed = c.res.ok && HASHED.test(c.req.path)
    c.header('cache-control', isHashed ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache')
    return undefined
  })
  routes.use(compress())
  routes.get('*', serveStatic({ root: directory }))
  // Hashed files that are gone belong to an older page: an answer of HTML would be taken for the script.
  routes.get('/assets/*', (c) => c.notFound())
  routes.get('*', serveStatic({ root: directory, rewriteRequestPath: () => '/index.html' }))
  return routes
}
