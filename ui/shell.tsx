import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { Me } from '../api/views.ts'
import { useKeys } from './keys.ts'
import { fleet } from './live/fleet.ts'
import { watched } from './live/page.ts'
import { useStore } from './live/store.ts'
import type { Line } from './live/stream.ts'
import { Icon } from './parts/icon.tsx'
import { LiveMark, StaleBanner } from './parts/live.tsx'
import { KeyHelp } from './parts/key-help.tsx'
import { Mark } from './parts/mark.tsx'
import { ThemeButton, turnTheme } from './parts/theme.tsx'
import { go, type Place } from './place.ts'
import { waiting } from './words/fleet.ts'

type ShellProps = { me: Me; place: Place; onSignOut: () => void; children: ComponentChildren }

/** What is around every screen: where one is, who one is, and whether what one sees is now. */
export function Shell({ me, place, onSignOut, children }: ShellProps) {
  const [help, setHelp] = useState(false)
  const source = 'name' in place ? watched : fleet
  const { link, lostAt } = useStore<Line>(source)
  useKeys({ 'g f': () => go('/'), 'g g': () => go('/gates'), '?': () => setHelp(true), t: turnTheme })
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="bar">
        <a class="home" href="/">
          <Mark />
          Sluice
        </a>
        <Places place={place} />
        <LiveMark link={link} />
        <div class="tools">
          <ThemeButton />
          <button class="bare" type="button" title="Keys (?)" onClick={() => setHelp(true)}>
            <span aria-hidden="true">?</span>
            <span class="unseen">Keys</span>
          </button>
          <Person me={me} onSignOut={onSignOut} />
        </div>
      </header>
      <main id="main">{children}</main>
      <StaleBanner link={link} lostAt={lostAt} />
      {help && <KeyHelp onClose={() => setHelp(false)} />}
    </>
  )
}

function Places({ place }: { place: Place }) {
  const now = useStore(fleet)
  const count = now.link === 'live' ? waiting(now.rollouts.values()).length : 0
  return (
    <nav aria-label="Screens">
      <a href="/" aria-current={place.screen === 'fleet' ? 'page' : undefined}>
        Fleet
      </a>
      <a href="/gates" aria-current={place.screen === 'gates' ? 'page' : undefined}>
        Gates
        {count > 0 && (
          <span class="count">
            {count}
            <span class="unseen"> waiting</span>
          </span>
        )}
      </a>
    </nav>
  )
}

const Person = ({ me, onSignOut }: Pick<ShellProps, 'me' | 'onSignOut'>) => (
  <details class="person">
    <summary title={me.name}>
      <Icon name="person" />
      <span class="name">{me.name}</span>
    </summary>
    <div class="sheet">
      <p>
        Signed in as <strong>{me.name}</strong>
      </p>
      {me.groups.length > 0 && <p class="quiet">{me.groups.join(', ')}</p>}
      <button type="button" onClick={onSignOut}>
        Sign out
      </button>
    </div>
  </details>
)
