import type { Link } from '../live/stream.ts'
import { Icon } from './icon.tsx'
import { clock } from '../words/times.ts'

const WORDS: Record<Link, string> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Not connected',
  refused: 'Refused',
}

/** Whether what is shown is now. */
export const LiveMark = ({ link }: { link: Link }) => (
  <span class={`live ${link}`} role="status">
    <i aria-hidden="true" />
    {WORDS[link]}
  </span>
)

export function StaleBanner({ link, lostAt }: { link: Link; lostAt?: number | undefined }) {
  if (lostAt === undefined || link === 'live' || link === 'refused') return null
  return (
    <div class="stale" role="alert">
      <Icon name="alert" />
      <span>
        No connection since {clock(lostAt)}: what you see may be old, and nothing can be decided. It is tried again by
        itself.
      </span>
    </div>
  )
}
