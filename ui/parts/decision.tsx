import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { DecisionView } from '../../api/views.ts'
import type { Deed, Subject } from '../words/deeds.ts'
import { sentence } from '../words/figures.ts'
import { decide, decisionNow } from '../live/api.ts'
import { Icon } from './icon.tsx'

export type AskProps = {
  deed: Deed
  subject: Subject
  /** Whether the API server lets the caller do it; what it said last, it may say otherwise now. */
  allowed: boolean
  /** Why the engine would not count it. */
  objection?: string | undefined
  /** Nothing may be decided by what may be old. */
  stale: boolean
  /** What became of it, once the stream tells. */
  decisions?: DecisionView[]
  onClose: () => void
}

/**
 * Asks once more, by the revision's name. Nothing here pretends: sent is sent, and what came of it is what the engine
 * writes.
 */
export function Ask(props: AskProps) {
  const { deed, subject, onClose } = props
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} class="ask" aria-labelledby="ask-title" onClose={onClose}>
      <form method="dialog">
        <h2 id="ask-title">{deed.title(subject)}</h2>
        <p>{deed.effect(subject)}</p>
        <dl class="facts">
          <dt>Rollout</dt>
          <dd>
            {subject.namespace}/{subject.name}
          </dd>
          <dt>Release</dt>
          <dd>{subject.release}</dd>
          <dt>Revision</dt>
          <dd>
            <code class="revision canary">{subject.revision}</code>
          </dd>
        </dl>
        <Answer {...props} />
      </form>
    </dialog>
  )
}

type Sending =
  { state: 'asking' | 'sending' } | { state: 'sent'; sent: DecisionView } | { state: 'refused'; sentence: string }

function Answer({ deed, subject, allowed, objection, stale, decisions, onClose }: AskProps) {
  const [sending, setSending] = useState<Sending>({ state: 'asking' })
  const [reason, setReason] = useState('')
  const send = async () => {
    setSending({ state: 'sending' })
    setSending(await sent(deed.action, subject, reason.trim()))
  }
  const doubt = objection === undefined ? (allowed ? undefined : deed.right(subject)) : sentence(objection)
  const told = useOutcome(subject, sending.state === 'sent' ? sending.sent : undefined, decisions)
  if (told) return <Sent sent={told} onClose={onClose} />
  return (
    <>
      <label class="field">
        Reason, for those who come after you
        <textarea rows={2} maxLength={1024} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      </label>
      {doubt !== undefined && sending.state !== 'refused' && <Told sign="lock">{doubt}</Told>}
      {sending.state === 'refused' && <Told sign="alert">{sending.sentence}</Told>}
      {stale && <Told sign="alert">The connection is lost: nothing is sent until it is back.</Told>}
      <div class="buttons">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          class={`strong ${deed.tone}`}
          disabled={stale || sending.state === 'sending'}
          onClick={() => void send()}
        >
          {sending.state === 'sending' ? 'Sending…' : `${deed.verb} ${subject.revision}`}
        </button>
      </div>
    </>
  )
}

async function sent(action: Deed['action'], subject: Subject, reason: string): Promise<Sending> {
  const { namespace, name, release, revision, gate } = subject
  const isAboutGate = gate !== undefined && (action === 'approve' || action === 'reject')
  const said = { release, revision, action, ...(isAboutGate ? { gate } : {}), ...(reason ? { reason } : {}) }
  try {
    return { state: 'sent', sent: await decide(namespace, name, said) }
  } catch (error) {
    return { state: 'refused', sentence: error instanceof Error ? error.message : String(error) }
  }
}

function Sent({ sent, onClose }: { sent: DecisionView; onClose: () => void }) {
  const isRefused = sent.outcome === 'Refused'
  return (
    <>
      <Told sign={isRefused ? 'alert' : sent.outcome === 'Applied' ? 'check' : 'ring'}>
        {sent.outcome === undefined
          ? 'The API server took it. The engine has not answered yet.'
          : `${sent.outcome}${sent.message ? `: ${sent.message}` : '.'}`}
      </Told>
      <div class="buttons">
        <button type="button" class="strong" onClick={onClose}>
          Close
        </button>
      </div>
    </>
  )
}

const LOOK_MS = 1_000

/** What is known of a decision that was sent: from the stream, where the screen has one of it, else by asking. */
function useOutcome(subject: Subject, sent?: DecisionView, decisions?: DecisionView[]): DecisionView | undefined {
  const [asked, setAsked] = useState<DecisionView>()
  const told = decisions?.find(({ name }) => name === sent?.name) ?? asked ?? sent
  const isOpen = told !== undefined && (told.outcome === undefined || told.outcome === 'Delivered')
  useEffect(() => {
    if (!isOpen || decisions) return undefined
    const look = () =>
      decisionNow(subject.namespace, subject.name, told.name).then(
        (now) => now && setAsked(now),
        (error: unknown) => console.info(String(error)),
      )
    const timer = setInterval(() => void look(), LOOK_MS)
    return () => clearInterval(timer)
  }, [isOpen, decisions === undefined])
  return told
}

const Told = ({ sign, children }: { sign: 'alert' | 'check' | 'ring' | 'lock'; children: ComponentChildren }) => (
  <p class={`told ${sign}`} role="alert">
    <Icon name={sign} />
    <span>{children}</span>
  </p>
)
