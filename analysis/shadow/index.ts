/** What the rules of other tools would have done with the same rows. */
export { looksOf, type Look } from './looks.ts'
export { argo, flagger } from './rules.ts'
export { shadow } from './shadow.ts'
