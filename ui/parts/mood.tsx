import { moodOf, type Tone } from '../words/states.ts'
import { Icon } from './icon.tsx'

/** A state: icon, word and colour. */
export function State({ phase }: { phase: string }) {
  const { word, tone, sign } = moodOf(phase)
  return <Badge tone={tone} sign={sign} word={word} />
}

export const Badge = ({ tone, sign, word }: { tone: Tone; sign: Parameters<typeof Icon>[0]['name']; word: string }) => (
  <span class={`state ${tone}`}>
    <Icon name={sign} />
    {word}
  </span>
)

/** A revision is read letter by letter. */
export const Revision = ({ name, of }: { name: string | undefined; of?: 'canary' | 'stable' }) =>
  name === undefined ? <span class="quiet">none</span> : <code class={`revision ${of ?? ''}`}>{name}</code>
