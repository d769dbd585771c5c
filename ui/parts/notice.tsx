import type { ComponentChildren } from 'preact'
import { Title } from './title.tsx'

/** In place of a screen that has nothing to show. */
export const Notice = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <section class="notice">
    <Title words={title} />
    <p>{children}</p>
  </section>
)
