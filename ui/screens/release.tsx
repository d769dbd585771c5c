import type { ReleasePage, ReleaseView } from '../../api/views.ts'
import { useKeys } from '../keys.ts'
import { watched } from '../live/page.ts'
import { useStore } from '../live/store.ts'
import { Story } from '../charts/story.tsx'
import { Answer } from '../parts/answer.tsx'
import { Crumbs } from '../parts/crumbs.tsx'
import { Events } from '../parts/events.tsx'
import { Evidence } from '../parts/evidence.tsx'
import { Notice } from '../parts/notice.tsx'
import { Pods } from '../parts/pods.tsx'
import { Provenance } from '../parts/provenance.tsx'
import { Reading } from '../parts/reading.tsx'
import { Record } from '../parts/record.tsx'
import { Steps } from '../parts/steps.tsx'
import { go, historyHref } from '../place.ts'

type Ref = { namespace: string; name: string }

/** One page that answers what is happening, why, and what one has to do. */
export function Release(ref: Ref) {
  const { page, refusal, link } = useStore(watched)
  useKeys({ h: () => go(historyHref(ref)) })
  if (refusal) return <Notice title={`${ref.namespace}/${ref.name} cannot be shown`}>{refusal.sentence}</Notice>
  if (!page)
    return link === 'lost' ? (
      <Notice title="Sluice does not answer">It is asked again by itself.</Notice>
    ) : (
      <Reading what={`${ref.namespace}/${ref.name}`} />
    )
  const { release } = page
  return (
    <article class="release">
      <Crumbs {...ref} here="release" />
      <Answer page={page} stale={link !== 'live'} />
      <div class="split">
        <aside>
          {release && <Steps release={release} phase={page.rollout.phase} />}
          {release && <Provenance release={release} />}
          <Pods pods={page.pods} rollout={page.rollout} />
        </aside>
        <div>
          {release && <Told page={page} release={release} />}
          <Events events={page.events} />
        </div>
      </div>
    </article>
  )
}

const Told = ({ page, release }: { page: ReleasePage; release: ReleaseView }) => (
  <>
    <Story release={release} />
    <Evidence release={release} told={`${page.rollout.message} ${release.verdict?.sentence}`} />
    <Record timeline={release.timeline} decisions={page.decisions} />
  </>
)
