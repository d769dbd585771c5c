import { useState } from 'preact/hooks'
import type { ReleasePage } from '../../api/views.ts'
import { useKeys } from '../keys.ts'
import { deedsFor, subjectOf, type Deed, type Subject } from '../words/deeds.ts'
import { Ask } from './decision.tsx'
import { Icon } from './icon.tsx'

type ActionsProps = { page: ReleasePage; stale: boolean }
/** Of the moment of the click: what changes behind the question must not change what is answered. */
type Asked = { deed: Deed; subject: Subject }

/** What may be decided now, and the question before it is. */
export function Actions({ page, stale }: ActionsProps) {
  const [asked, setAsked] = useState<Asked>()
  const subject = subjectOf(page)
  const open = (deed: Deed | undefined) => deed && subject && !stale && setAsked({ deed, subject })
  return (
    <>
      {subject && <Buttons page={page} stale={stale} onAsk={open} />}
      {asked && (
        <Ask
          {...asked}
          allowed={page.may[asked.deed.action] !== false}
          objection={asked.deed.action === 'approve' ? page.whyNot : undefined}
          stale={stale}
          decisions={page.decisions}
          onClose={() => setAsked(undefined)}
        />
      )}
    </>
  )
}

/** What is waited for stands in front, the rest behind a word. */
function Buttons({ page, stale, onAsk }: ActionsProps & { onAsk: (deed: Deed | undefined) => void }) {
  const { first, more } = deedsFor(page.rollout)
  useKeys({
    a: () => onAsk(first.find(({ tone }) => tone === 'good')),
    x: () => onAsk([...first, ...more].find(({ tone }) => tone === 'bad')),
  })
  const button = (deed: Deed, strong = false) => (
    <button key={deed.action} type="button" class={classOf(deed, strong)} disabled={stale} onClick={() => onAsk(deed)}>
      {isLocked(page, deed) && <Icon name="lock" />}
      {deed.verb}
    </button>
  )
  const rest = more.map((deed) => button(deed))
  return (
    <div class="buttons">
      {first.map((deed, index) =>
        button(deed, index === 0 && page.rollout.need !== undefined && page.may[deed.action] !== false),
      )}
      {first.length === 0 ? rest : <More>{rest}</More>}
    </div>
  )
}

const isLocked = ({ may, whyNot }: ReleasePage, { action }: Deed): boolean =>
  may[action] === false || (action === 'approve' && whyNot !== undefined)

const classOf = ({ tone }: Deed, strong: boolean): string => `${strong ? 'strong ' : ''}${tone}`

const More = ({ children }: { children: preact.ComponentChildren }) => (
  <details class="more">
    <summary>More</summary>
    <div class="buttons">{children}</div>
  </details>
)
