import { useEffect } from 'preact/hooks'

/** One key, or two after one another (`g f`). */
export type Keys = Record<string, () => void>

const PAIR_MS = 1_000

/** Single keys can be switched off: whoever dictates, or types with a stylus, would set them off by accident. */
const OFF = 'keys-off'
export const keysAreOn = (): boolean => localStorage.getItem(OFF) === null
export function switchKeys(on: boolean): void {
  if (on) localStorage.removeItem(OFF)
  else localStorage.setItem(OFF, '1')
}

/** Listens while the component is there. Nothing happens while somebody types, or a dialog is open. */
export function useKeys(keys: Keys): void {
  useEffect(() => {
    let first = ''
    let at = 0
    const press = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || !keysAreOn() || isBusy(event.target)) return
      const pair = event.timeStamp - at < PAIR_MS ? `${first} ${event.key}` : event.key
      first = event.key
      at = event.timeStamp
      const act = keys[pair] ?? keys[event.key]
      if (!act) return
      first = ''
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  })
}

/** Moves the focus among the links of a list. */
export function moveFocus(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')]
  const now = rows.indexOf(document.activeElement as HTMLElement)
  const next = now < 0 ? (by > 0 ? 0 : rows.length - 1) : now + by
  rows[Math.max(0, Math.min(rows.length - 1, next))]?.focus()
}

const isBusy = (target: EventTarget | null): boolean =>
  document.querySelector('dialog[open]') !== null ||
  (target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]'))
