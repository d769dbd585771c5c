import type { Sign } from '../words/states.ts'

export type IconName =
  | Sign
  | 'sun'
  | 'moon'
  | 'screen'
  | 'commit'
  | 'link'
  | 'dot'
  | 'ring'
  | 'skip'
  | 'lock'
  | 'next'
  | 'gauge'
  | 'hook'
  | 'split'

/** Always beside words, so never read aloud. */
export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
)

/** Strokes on a grid of 16. */
const PATHS: Record<IconName, string> = {
  check: 'M3 8.5 6.5 12 13 4.5',
  cross: 'm4 4 8 8m0-8-8 8',
  person: 'M8 8a2.75 2.75 0 1 0 0-5.5A2.75 2.75 0 0 0 8 8Zm-5.25 5.5c.6-2.7 2.7-3.75 5.25-3.75s4.65 1.05 5.25 3.75',
  pause: 'M5.5 3.5v9m5-9v9',
  flow: 'M1.5 6c2.2-2 4.3-2 6.5 0s4.3 2 6.5 0m-13 5c2.2-2 4.3-2 6.5 0s4.3 2 6.5 0',
  scale: 'M8 2.5v11m-3 0h6M3 4.5h10M3 4.5 1.25 9a2 2 0 0 0 3.5 0L3 4.5Zm10 0L11.25 9a2 2 0 0 0 3.5 0L13 4.5Z',
  back: 'M6 3 2.5 6.5 6 10M2.75 6.5H10a3.25 3.25 0 0 1 0 6.5H7',
  alert: 'M8 2.25 14.25 13.25H1.75L8 2.25Zm0 4.25v3m0 1.75v.25',
  dash: 'M3.5 8h9',
  hold: 'M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5L5.5 2ZM5.5 8h5',
  sun: 'M8 10.75a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5ZM8 1.5v1m0 11v1m6.5-6.5h-1m-11 0h-1m11.1-4.6-.7.7m-7.8 7.8-.7.7m0-9.2.7.7m7.8 7.8.7.7',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5Z',
  screen: 'M2 3h12v8H2V3Zm4 10.5h4',
  commit: 'M1.5 8h3.75m5.5 0h3.75M8 10.75a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5Z',
  link: 'M9.5 2.5h4v4m0-4L7.5 8.5M12 9.5v4H2.5V4h4',
  dot: 'M8 9.75a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5Z',
  ring: 'M8 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z',
  skip: 'M2.5 11c0-7 8-8 10-1.5M13.25 5.5v4.25H9',
  lock: 'M4 7.5h8v6H4v-6Zm1.5 0V5a2.5 2.5 0 0 1 5 0v2.5',
  next: 'm6 3.5 4.5 4.5L6 12.5',
  gauge: 'M2.5 11.5a5.75 5.75 0 1 1 11 0M8 10l3-4',
  hook: 'M3 13.5 7 9.5m-2.5-3 5 5c1-1 4-1.5 4-4.5m-9-.5c1-1 1.5-4 4.5-4m0 0v3m4.5 1.5h-3',
  split: 'M8 14V9m0 0L3.5 4.5m0 3v-3h3M8 9l4.5-4.5m-3 0h3v3',
}
