/** What the worker bundles: one workflow per Rollout, one run chain per release. */
export { release } from './release.ts'
export { tellPeople } from './notices.ts'
export { askOutside } from './callbacks.ts'
