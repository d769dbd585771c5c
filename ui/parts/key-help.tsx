import { useEffect, useRef, useState } from 'preact/hooks'
import { keysAreOn, switchKeys } from '../keys.ts'

const KEYS: [keys: string, what: string][] = [
  ['g f', 'the fleet'],
  ['g g', 'the gates'],
  ['/', 'find a Rollout'],
  ['j k', 'down and up in a list; Enter opens'],
  ['h', 'history of the Rollout, and back'],
  ['a', 'what is waited for: approve, resume, decide'],
  ['x', 'reject or abort'],
  ['t', 'colours: system, light, dark'],
  ['?', 'this'],
]

export function KeyHelp({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [on, setOn] = useState(keysAreOn)
  useEffect(() => dialog.current?.showModal(), [])
  const turn = (next: boolean) => {
    switchKeys(next)
    setOn(next)
  }
  return (
    <dialog ref={dialog} aria-labelledby="keys-title" onClose={onClose}>
      <form method="dialog">
        <h2 id="keys-title">Keys</h2>
        <dl class="keys">
          {KEYS.map(([keys, what]) => (
            <div key={keys}>
              <dt>
                {keys.split(' ').map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <p class="quiet">Every decision is asked once more, with the revision's name.</p>
        <label class="switch">
          <input type="checkbox" checked={on} onChange={(event) => turn(event.currentTarget.checked)} />
          Single keys do something
        </label>
        <div class="buttons">
          <button class="strong">Close</button>
        </div>
      </form>
    </dialog>
  )
}
