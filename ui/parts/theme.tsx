import { useState } from 'preact/hooks'
import { Icon, type IconName } from './icon.tsx'

type Theme = 'auto' | 'light' | 'dark'

const NEXT: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' }
const LOOK: Record<Theme, { sign: IconName; words: string }> = {
  auto: { sign: 'screen', words: 'as the system' },
  light: { sign: 'sun', words: 'light' },
  dark: { sign: 'moon', words: 'dark' },
}

const chosen = (): Theme => (document.documentElement.dataset['theme'] as Theme | undefined) ?? 'auto'

/** From the system's choice to light, to dark, and back. Returns what holds now. */
export function turnTheme(): Theme {
  const next = NEXT[chosen()]
  if (next === 'auto') {
    delete document.documentElement.dataset['theme']
    localStorage.removeItem('theme')
  } else {
    document.documentElement.dataset['theme'] = next
    localStorage.setItem('theme', next)
  }
  dispatchEvent(new Event('theme'))
  return next
}

export function ThemeButton() {
  const [theme, setTheme] = useState(chosen)
  const { sign, words } = LOOK[theme]
  return (
    <button class="bare" type="button" title={`Colours: ${words}`} onClick={() => setTheme(turnTheme())}>
      <Icon name={sign} />
      <span class="unseen">Colours: {words}. Change</span>
    </button>
  )
}
