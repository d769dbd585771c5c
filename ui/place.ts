import { storeOf } from './live/store.ts'

/** Where somebody is: the four screens, each with an address that can be sent to a colleague. */
export type Place =
  | { screen: 'fleet' }
  | { screen: 'gates' }
  | { screen: 'release'; namespace: string; name: string }
  | { screen: 'history'; namespace: string; name: string }
  | { screen: 'nowhere' }

export type Address = { path: string; query: string }

const here = (): Address => ({ path: location.pathname, query: location.search })

export const address = storeOf<Address>({ path: '/', query: '' })

export function placeOf(path: string): Place {
  const [first, ...rest] = path.split('/').filter(Boolean).map(decodeURIComponent)
  if (first === undefined) return { screen: 'fleet' }
  if (first === 'gates' && rest.length === 0) return { screen: 'gates' }
  const [namespace, name, last] = rest
  if (first !== 'r' || namespace === undefined || name === undefined || rest.length > 3) return { screen: 'nowhere' }
  if (last === undefined) return { screen: 'release', namespace, name }
  return last === 'history' ? { screen: 'history', namespace, name } : { screen: 'nowhere' }
}

type Ref = { namespace: string; name: string }

export const releaseHref = ({ namespace, name }: Ref): string =>
  `/r/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
export const historyHref = (ref: Ref): string => `${releaseHref(ref)}/history`

export function go(href: string): void {
  history.pushState(null, '', href)
  address.set(here())
  scrollTo(0, 0)
}

/** The same screen said more exactly (a filter, a choice): no step back for every letter. */
export function refine(query: URLSearchParams): void {
  const text = query.toString()
  history.replaceState(null, '', `${location.pathname}${text ? `?${text}` : ''}`)
  address.set(here())
}

/** Links stay links; those of this page are followed without loading it again. */
export function followLinks(): void {
  address.set(here())
  globalThis.addEventListener('popstate', () => address.set(here()))
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
    if (!link || !plain || event.defaultPrevented || link.target || link.origin !== location.origin) return
    if (link.pathname.startsWith('/api/') || link.hash) return
    event.preventDefault()
    go(link.pathname + link.search)
  })
}
