import { useEffect, useState } from 'preact/hooks'
import type { GateView, RolloutView } from '../../api/views.ts'
import { moveFocus, useKeys } from '../keys.ts'
import { gates as readGates } from '../live/api.ts'
import { fleet } from '../live/fleet.ts'
import { useStore } from '../live/store.ts'
import { Ask, type AskProps } from '../parts/decision.tsx'
import { GateCard } from '../parts/gate-card.tsx'
import { Reading } from '../parts/reading.tsx'
import { FleetRow } from '../parts/row.tsx'
import { Title } from '../parts/title.tsx'
import { waiting } from '../words/fleet.ts'
import { plural } from '../words/figures.ts'
import { DEEDS, subjectOf, type Deed } from '../words/deeds.ts'

/** Of the moment of the click. */
type Asked = Pick<AskProps, 'deed' | 'subject' | 'allowed' | 'objection'>

/** Everything that waits for the one who looks. */
export function Gates() {
  const { rollouts, link, empty } = useStore(fleet)
  const needs = waiting(rollouts.values())
  const [closed, setClosed] = useState(0)
  const { gates, refused } = useGates(needs, closed)
  const [asked, setAsked] = useState<Asked>()
  const close = () => {
    setAsked(undefined)
    setClosed(closed + 1)
  }
  useKeys({ j: () => moveFocus(1), k: () => moveFocus(-1) })
  if (empty) return null
  if (!gates && !refused) return <Reading what="what waits" />
  const mine = (gates ?? []).filter(({ mayApprove }) => mayApprove)
  const others = (gates ?? []).filter(({ mayApprove }) => !mayApprove)
  const rest = needs.filter(({ need, gate }) => need !== 'approve' && gate === undefined)
  const stale = link !== 'live'
  const ask = (deed: Deed, gate: GateView) => {
    const subject = subjectOf(gate)
    const objection = deed === DEEDS.approve ? gate.whyNot : undefined
    if (subject) setAsked({ deed, subject, allowed: gate.mayApprove || gate.whyNot !== undefined, objection })
  }
  const cards = (of: GateView[]) =>
    of.map((gate) => <GateCard key={gate.rollout.key} gate={gate} stale={stale} onAsk={(deed) => ask(deed, gate)} />)
  return (
    <section class="gates">
      <Title
        words={gatesSentence(mine.length, others.length + rest.length)}
        tab={mine.length > 0 ? `(${mine.length}) Gates` : 'Gates'}
      />
      {refused && <p class="told alert">{refused}</p>}
      {cards(mine)}
      {rest.length > 0 && <Others title="Waits for a person, at no gate" rollouts={rest} />}
      {others.length > 0 && <h2>Waits for somebody else</h2>}
      {cards(others)}
      {asked && <Ask {...asked} stale={stale} onClose={close} />}
    </section>
  )
}

const gatesSentence = (mine: number, others: number): string => {
  const you = mine === 0 ? 'No gate waits for you' : `${plural(mine, 'gate waits', 'gates wait')} for you`
  const more = mine === 0 ? '' : 'other '
  return others === 0
    ? `${you}.`
    : `${you}, and ${plural(others, `${more}Rollout waits`, `${more}Rollouts wait`)} for a person.`
}

/** An approval of one of two changes no Rollout. */
const AGAIN_MS = 15_000

/** Asked again whenever something that waits has changed, and now and then. */
function useGates(needs: RolloutView[], closed: number): { gates?: GateView[]; refused?: string } {
  const [answer, setAnswer] = useState<{ gates?: GateView[]; refused?: string }>({})
  const told = needs.map(({ key, since, message, gate }) => [key, since, message, gate].join()).join('\n')
  useEffect(() => {
    let over = false
    const ask = () =>
      readGates().then(
        (gates) => over || setAnswer({ gates }),
        (error: Error) => over || setAnswer((before) => ({ ...before, refused: error.message })),
      )
    void ask()
    const timer = setInterval(() => document.hidden || void ask(), AGAIN_MS)
    return () => {
      over = true
      clearInterval(timer)
    }
  }, [told, closed])
  return answer
}

const Others = ({ title, rollouts }: { title: string; rollouts: RolloutView[] }) => (
  <section class="group need">
    <h2>{title}</h2>
    <ul>
      {rollouts.map((one) => (
        <FleetRow key={one.key} one={one} group="need" />
      ))}
    </ul>
  </section>
)
