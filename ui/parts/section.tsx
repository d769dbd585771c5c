import { createContext, type ComponentChildren } from 'preact'
import { useContext, useId } from 'preact/hooks'

/** What the parts of a page are about, where there are several of a kind beside each other. */
export const About = createContext('')

type SectionProps = { title: string; kind?: string; aside?: ComponentChildren; children: ComponentChildren }

/** A part of a page under a title of its own. */
export function Section({ title, kind, aside, children }: SectionProps) {
  const id = useId()
  const about = useContext(About)
  return (
    <section class={kind} aria-labelledby={id}>
      <h2 id={id}>
        {title} {about && <span class="unseen">of {about}</span>}
        {aside}
      </h2>
      {children}
    </section>
  )
}

/** What is wider than a phone moves sideways by itself, by keys as well. */
export function Wide({ words, children }: { words: string; children: ComponentChildren }) {
  const about = useContext(About)
  return (
    <div class="wide" tabIndex={0} role="region" aria-label={about ? `${words} of ${about}` : words}>
      {children}
    </div>
  )
}
