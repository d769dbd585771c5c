import { historyHref, releaseHref } from '../place.ts'
import { Icon } from './icon.tsx'

type CrumbsProps = { namespace: string; name: string; here: 'release' | 'history' }

/** The way here, and to the other page about the same Rollout. */
export const Crumbs = ({ here, ...ref }: CrumbsProps) => (
  <nav class="crumbs" aria-label="This Rollout">
    <a href="/">Fleet</a>
    <Icon name="next" />
    <a href={`/?namespace=${encodeURIComponent(ref.namespace)}`}>{ref.namespace}</a>
    <Icon name="next" />
    <strong>{ref.name}</strong>
    <span class="tabs">
      <a href={releaseHref(ref)} aria-current={here === 'release' ? 'page' : undefined}>
        Now
      </a>
      <a href={historyHref(ref)} aria-current={here === 'history' ? 'page' : undefined}>
        History
      </a>
    </span>
  </nav>
)
