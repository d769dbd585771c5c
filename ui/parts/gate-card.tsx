import type { GateView } from '../../api/views.ts'
import { releaseHref } from '../place.ts'
import { DEEDS, type Deed } from '../words/deeds.ts'
import { Flow } from './flow.tsx'
import { Icon } from './icon.tsx'
import { sentence } from '../words/figures.ts'
import { shortImage } from '../words/images.ts'
import { Revision } from './mood.tsx'
import { Ago, Lasting } from './time.tsx'

type GateCardProps = { gate: GateView; stale: boolean; onAsk: (deed: Deed) => void }

/** One gate with what one has to know to answer it. */
export const GateCard = ({ gate: { rollout, gate, mayApprove, ...about }, stale, onAsk }: GateCardProps) => (
  <article class="card gate-card" aria-labelledby={`gate-${rollout.key}`}>
    <Head rollout={rollout} gate={gate} expiresAt={about.expiresAt} />
    {!rollout.message.startsWith(`Gate ${gate}:`) && <p class="says">{sentence(rollout.message)}</p>}
    {about.says && <p class="says">“{about.says}”</p>}
    {about.evidence && <p class="says">{sentence(about.evidence)}</p>}
    <div class="way">
      <Flow weight={rollout.weight} />
      <span class="quiet">
        <Revision name={rollout.canary} of="canary" /> has {rollout.weight} %,{' '}
        <Revision name={rollout.stable} of="stable" /> the rest
      </span>
    </div>
    <Approvals {...about} />
    <div class="buttons">
      <button
        type="button"
        class={mayApprove ? 'strong good' : 'good'}
        disabled={stale}
        onClick={() => onAsk(DEEDS.approve)}
      >
        {!mayApprove && <Icon name="lock" />}Approve
        <Whose {...rollout} />
      </button>
      <button type="button" class="bad" disabled={stale} onClick={() => onAsk(DEEDS.reject)}>
        Reject
        <Whose {...rollout} />
      </button>
      <Origin {...rollout} />
    </div>
  </article>
)

type HeadProps = Pick<GateView, 'rollout' | 'gate'> & { expiresAt: string | undefined }

const Head = ({ rollout, gate, expiresAt }: HeadProps) => (
  <header>
    <h2 id={`gate-${rollout.key}`}>
      <a data-row href={releaseHref(rollout)}>
        {rollout.name}
      </a>
      <span class="quiet"> {rollout.namespace}</span>
    </h2>
    <p>
      Gate <strong>{gate}</strong> has waited for <Lasting from={rollout.since} />
      {expiresAt && (
        <>
          {' '}
          and expires <Ago at={expiresAt} />
        </>
      )}
      .
    </p>
  </header>
)

/** Names are only one's own within a namespace, and here all of them are on one page. */
const Whose = ({ name, namespace }: GateView['rollout']) => (
  <span class="unseen">
    {' '}
    {name} in {namespace}
  </span>
)

const Approvals = ({ approvals, minimum }: Pick<GateView, 'approvals' | 'minimum'>) =>
  minimum <= 1 && approvals.length === 0 ? null : (
    <p class="approvals">
      <Icon name="person" />
      <span>
        {approvals.length} of {minimum} approvals
        {approvals.map(({ by, at }) => (
          <span key={by}>
            {' · '}
            {by} <Ago at={at} />
          </span>
        ))}
      </span>
    </p>
  )

const Origin = ({ commit, author, images }: Pick<GateView['rollout'], 'commit' | 'author' | 'images'>) => (
  <span class="quiet commit">
    <Icon name="commit" />
    <span>
      {commit && <code>{commit.slice(0, 10)}</code>} {author && `by ${author}, `}
      {images.map(shortImage).join(', ')}
    </span>
  </span>
)
